"""What runs have said already, in the new words: how they changed data, warnings with a kind, permissions."""

from django.db import migrations
from django.db.models import F, Q, Value
from django.db.models.functions import Replace

MOVED = ("sourcefile", "fileday", "rejectedday")


def describe_changeovers(apps, schema_editor):
    runs = apps.get_model("ingestion", "Run").objects
    runs.exclude(new_dimensions=None, new_overlap="").update(is_changeover=True)
    runs.filter(~Q(new_overlap=""), new_dimensions=None, scope="changed").update(reads_files=False)


def name_warnings(apps, schema_editor):
    runs = apps.get_model("ingestion", "Run").objects
    # Found before the first is written: SQLite may show a reader the rows that it has just changed.
    for pk in list(runs.exclude(warnings=[]).values_list("pk", flat=True)):
        run = runs.only("warnings").get(pk=pk)
        run.warnings = [{"kind": "", "text": text} for text in run.warnings]
        run.save(update_fields=["warnings"])


def carry_permissions(apps, schema_editor):
    """Who was granted one alone keeps it; Django admin's own log still knows what it speaks of."""
    types = apps.get_model("contenttypes", "ContentType").objects
    types.filter(app_label="telemetry", model__in=MOVED).update(app_label="ingestion")
    types.filter(app_label="ingestion", model="syncrun").update(model="run")
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="ingestion", content_type__model="run"
    ).update(
        codename=Replace(F("codename"), Value("_syncrun"), Value("_run")),
        name=Replace(F("name"), Value("sync run"), Value("run")),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("ingestion", "0011_files_of_sources"),
        ("telemetry", "0010_changes_of_mapping"),
    ]

    operations = [
        migrations.RunPython(describe_changeovers),
        migrations.RunPython(name_warnings),
        migrations.RunPython(carry_permissions),
    ]
