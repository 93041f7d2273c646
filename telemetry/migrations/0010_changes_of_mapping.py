"""What only a telemetry's change of mapping knows stands beside its run."""

import django.db.models.deletion
from django.db import migrations, models


def take_over(apps, schema_editor):
    runs = apps.get_model("ingestion", "Run").objects.exclude(new_dimensions=None, new_overlap="")
    change = apps.get_model("telemetry", "MappingChange")
    change.objects.bulk_create(
        (
            change(
                run_id=run.pk,
                dimensions=run.new_dimensions,
                overlap=run.new_overlap,
                keeps_unreadable=run.keeps_unreadable,
            )
            for run in runs.iterator(chunk_size=1_000)
        ),
        batch_size=1_000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("ingestion", "0011_files_of_sources"),
        ("telemetry", "0009_days_of_rejected_rows"),
    ]

    operations = [
        migrations.CreateModel(
            name="MappingChange",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="mapping_change",
                        serialize=False,
                        to="ingestion.run",
                    ),
                ),
                ("dimensions", models.JSONField(null=True)),
                (
                    "overlap",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("newest", "The file modified last wins"),
                            ("add", "Values of different files add up"),
                        ],
                        max_length=10,
                    ),
                ),
                ("keeps_unreadable", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.RunPython(take_over),
    ]
