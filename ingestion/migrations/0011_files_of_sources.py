"""Files, their days and runs belong to sources; a telemetry is a source and has only what is its own.

Columns that only a change of mapping knows go in 0013, once telemetry 0010 has taken what they say.
"""

import core.fields
import django.db.models.deletion
from django.db import migrations, models

from core.restructuring import Restructure, point_elsewhere, rebuild_on_sqlite, rename_columns

MOVED = ("SourceFile", "FileDay", "RejectedDay")
RENAMED = ("newest_first", "by_scheduled_day", "one_at_a_time", "one_scheduled_a_day", "finished_means_ended")
ONLY_OF_SOURCES = (
    "public_id",
    "account_id",
    "endpoint_id",
    "prefix",
    "name",
    "description",
    "identifier",
    "max_rejected_percent",
    "status",
    "created_by_id",
    "created_at",
    "last_sync_at",
    "last_sync_state",
    "data_from",
    "data_through",
)


def restructure(schema_editor, apps):
    drop_trigger(schema_editor)
    for name in MOVED:
        move_table(schema_editor, apps.get_model("ingestion", name))
    rename_runs(schema_editor, apps.get_model("ingestion", "Run"))
    make_child(schema_editor, apps.get_model("telemetry", "Telemetry"))


def drop_trigger(schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER telemetry_identifier_is_fixed ON telemetry_telemetry")
        schema_editor.execute("DROP FUNCTION telemetry_identifier_is_fixed()")
    else:
        schema_editor.execute("DROP TRIGGER telemetry_identifier_is_fixed")


def move_table(schema_editor, model):
    old, table = f"telemetry_{model._meta.model_name}", model._meta.db_table
    schema_editor.alter_db_table(model, old, table)
    columns = {"telemetry_id": "source_id"}
    if model._meta.model_name == "sourcefile":
        columns["is_carried_over"] = "is_reprojected"
    rename_columns(schema_editor, table, columns)
    rebuild_on_sqlite(schema_editor, model)
    point_elsewhere(schema_editor, model, "source")


def rename_runs(schema_editor, model):
    table = model._meta.db_table
    schema_editor.alter_db_table(model, "ingestion_syncrun", table)
    rename_columns(
        schema_editor,
        table,
        {
            "telemetry_id": "source_id",
            "is_rehearsal": "is_preview",
            "rehearsal_id": "preview_id",
            "comparison": "changes",
        },
    )
    if schema_editor.connection.vendor == "postgresql":
        for name in RENAMED[:-1]:
            schema_editor.execute(f"ALTER INDEX sync_run_{name} RENAME TO run_{name}")
        schema_editor.execute(
            f"ALTER TABLE {table} RENAME CONSTRAINT sync_run_{RENAMED[-1]} TO run_{RENAMED[-1]}"
        )
        for name in ("is_changeover", "reads_files"):
            schema_editor.add_field(model, model._meta.get_field(name))
        point_elsewhere(schema_editor, model, "source")
    else:
        schema_editor.execute(f"ALTER TABLE {table} ADD COLUMN is_changeover bool NOT NULL DEFAULT 0")
        schema_editor.execute(f"ALTER TABLE {table} ADD COLUMN reads_files bool NOT NULL DEFAULT 1")
        rebuild_on_sqlite(schema_editor, model)


def make_child(schema_editor, model):
    table = model._meta.db_table
    rename_columns(schema_editor, table, {"id": "source_id"})
    rebuild_on_sqlite(schema_editor, model)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN source_id DROP IDENTITY")
        drops = ", ".join(f"DROP COLUMN {column}" for column in ONLY_OF_SOURCES)
        schema_editor.execute(f"ALTER TABLE {table} {drops}")
        point_elsewhere(schema_editor, model, "source")


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0010_sources")]

    operations = [
        Restructure(
            state=[
                ("ingestion", migrations.RemoveIndex("syncrun", "sync_run_newest_first")),
                ("ingestion", migrations.RemoveIndex("syncrun", "sync_run_by_scheduled_day")),
                ("ingestion", migrations.RemoveConstraint("syncrun", "sync_run_one_at_a_time")),
                ("ingestion", migrations.RemoveConstraint("syncrun", "sync_run_one_scheduled_a_day")),
                ("ingestion", migrations.RemoveConstraint("syncrun", "sync_run_finished_means_ended")),
                ("ingestion", migrations.RenameModel("SyncRun", "Run")),
                ("ingestion", migrations.RenameField("run", "telemetry", "source")),
                ("ingestion", migrations.RenameField("run", "is_rehearsal", "is_preview")),
                ("ingestion", migrations.RenameField("run", "rehearsal", "preview")),
                ("ingestion", migrations.RenameField("run", "comparison", "changes")),
                (
                    "ingestion",
                    migrations.AlterField(
                        "run",
                        "source",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="runs",
                            to="ingestion.source",
                        ),
                    ),
                ),
                (
                    "ingestion",
                    migrations.AddField("run", "is_changeover", models.BooleanField(default=False)),
                ),
                ("ingestion", migrations.AddField("run", "reads_files", models.BooleanField(default=True))),
                (
                    "ingestion",
                    migrations.AddIndex(
                        "run", models.Index(fields=["source", "-created_at"], name="run_newest_first")
                    ),
                ),
                (
                    "ingestion",
                    migrations.AddIndex(
                        "run",
                        models.Index(
                            condition=models.Q(("scheduled_day__isnull", False)),
                            fields=["scheduled_day"],
                            name="run_by_scheduled_day",
                        ),
                    ),
                ),
                (
                    "ingestion",
                    migrations.AddConstraint(
                        "run",
                        models.UniqueConstraint(
                            condition=models.Q(("state__in", ["queued", "running"])),
                            fields=("source",),
                            name="run_one_at_a_time",
                        ),
                    ),
                ),
                (
                    "ingestion",
                    migrations.AddConstraint(
                        "run",
                        models.UniqueConstraint(
                            condition=models.Q(("scheduled_day__isnull", False)),
                            fields=("source", "scheduled_day"),
                            name="run_one_scheduled_a_day",
                        ),
                    ),
                ),
                (
                    "ingestion",
                    migrations.AddConstraint(
                        "run",
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("finished_at__isnull", True), ("state__in", ["queued", "running"])),
                                models.Q(
                                    ("finished_at__isnull", False),
                                    (
                                        "state__in",
                                        ["succeeded", "succeeded_with_rejects", "incomplete", "failed"],
                                    ),
                                ),
                                _connector="OR",
                            ),
                            name="run_finished_means_ended",
                        ),
                    ),
                ),
                (
                    "ingestion",
                    migrations.CreateModel(
                        name="SourceFile",
                        fields=[
                            (
                                "id",
                                models.BigAutoField(
                                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                                ),
                            ),
                            ("key", core.fields.KeyField(max_length=1024)),
                            ("etag", models.CharField(max_length=200, verbose_name="ETag")),
                            ("size", models.BigIntegerField()),
                            ("last_modified", models.DateTimeField()),
                            (
                                "source",
                                models.ForeignKey(
                                    on_delete=django.db.models.deletion.CASCADE,
                                    related_name="source_files",
                                    to="ingestion.source",
                                ),
                            ),
                            (
                                "state",
                                models.CharField(
                                    choices=[
                                        ("reading", "Being read"),
                                        ("staged", "Waiting for the others"),
                                        ("stored", "Stored"),
                                        ("failed", "Failed"),
                                        ("ignored", "Ignored"),
                                        ("superseded", "Superseded"),
                                    ],
                                    default="reading",
                                    max_length=10,
                                ),
                            ),
                            ("message", models.TextField(blank=True)),
                            ("rows_read", models.BigIntegerField(default=0)),
                            ("rows_rejected", models.BigIntegerField(default=0)),
                            ("rejected_undated", models.BigIntegerField(editable=False, null=True)),
                            ("points", models.BigIntegerField(default=0)),
                            ("imported_at", models.DateTimeField(null=True)),
                            ("is_reprojected", models.BooleanField(default=False)),
                        ],
                        options={
                            "ordering": ["-last_modified", "key"],
                            "indexes": [
                                models.Index(
                                    fields=["source", "-last_modified"], name="source_file_newest_first"
                                ),
                                models.Index(
                                    condition=models.Q(("rows_rejected__gt", 0), ("state", "stored")),
                                    fields=["source"],
                                    name="source_file_with_rejects",
                                ),
                            ],
                            "constraints": [
                                models.UniqueConstraint(
                                    condition=models.Q(("state", "superseded"), _negated=True),
                                    fields=("source", "key", "state"),
                                    name="source_file_one_a_state",
                                ),
                                models.CheckConstraint(
                                    condition=models.Q(
                                        (
                                            "state__in",
                                            [
                                                "reading",
                                                "staged",
                                                "stored",
                                                "failed",
                                                "ignored",
                                                "superseded",
                                            ],
                                        )
                                    ),
                                    name="source_file_state_known",
                                ),
                                models.CheckConstraint(
                                    condition=models.Q(("size__gte", 0)), name="source_file_size_not_negative"
                                ),
                                models.CheckConstraint(
                                    condition=models.Q(("rows_read__gte", models.F("rows_rejected"))),
                                    name="source_file_rejects_among_rows_read",
                                ),
                            ],
                        },
                    ),
                ),
                (
                    "ingestion",
                    migrations.CreateModel(
                        name="FileDay",
                        fields=[
                            (
                                "id",
                                models.BigAutoField(
                                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                                ),
                            ),
                            (
                                "source_file",
                                models.ForeignKey(
                                    on_delete=django.db.models.deletion.CASCADE,
                                    related_name="days",
                                    to="ingestion.sourcefile",
                                ),
                            ),
                            (
                                "source",
                                models.ForeignKey(
                                    null=True,
                                    on_delete=django.db.models.deletion.CASCADE,
                                    related_name="+",
                                    to="ingestion.source",
                                ),
                            ),
                            ("date", models.DateField()),
                            ("rows", models.BigIntegerField()),
                            ("value", core.fields.ExactDecimalField(decimal_places=30, max_digits=68)),
                        ],
                        options={
                            "indexes": [models.Index(fields=["source", "date"], name="file_day_by_date")],
                            "constraints": [
                                models.UniqueConstraint(fields=("source_file", "date"), name="file_day_once"),
                                models.CheckConstraint(
                                    condition=models.Q(("rows__gte", 1)), name="file_day_has_rows"
                                ),
                            ],
                        },
                    ),
                ),
                (
                    "ingestion",
                    migrations.CreateModel(
                        name="RejectedDay",
                        fields=[
                            (
                                "id",
                                models.BigAutoField(
                                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                                ),
                            ),
                            (
                                "source_file",
                                models.ForeignKey(
                                    on_delete=django.db.models.deletion.CASCADE,
                                    related_name="rejected_days",
                                    to="ingestion.sourcefile",
                                ),
                            ),
                            (
                                "source",
                                models.ForeignKey(
                                    null=True,
                                    on_delete=django.db.models.deletion.CASCADE,
                                    related_name="+",
                                    to="ingestion.source",
                                ),
                            ),
                            ("date", models.DateField()),
                            ("rows", models.BigIntegerField()),
                        ],
                        options={
                            "indexes": [models.Index(fields=["source", "date"], name="rejected_day_by_date")],
                            "constraints": [
                                models.UniqueConstraint(
                                    fields=("source_file", "date"), name="rejected_day_once"
                                ),
                                models.CheckConstraint(
                                    condition=models.Q(("rows__gte", 1)), name="rejected_day_has_rows"
                                ),
                            ],
                        },
                    ),
                ),
                (
                    "ingestion",
                    migrations.AlterField(
                        "runfile",
                        "source_file",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="run_files",
                            to="ingestion.sourcefile",
                        ),
                    ),
                ),
                (
                    "telemetry",
                    migrations.AlterField(
                        "pointblock",
                        "source_file",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.DO_NOTHING,
                            related_name="point_blocks",
                            to="ingestion.sourcefile",
                        ),
                    ),
                ),
                (
                    "telemetry",
                    migrations.AlterField(
                        "datapoint",
                        "source_file",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.DO_NOTHING,
                            related_name="data_points",
                            to="ingestion.sourcefile",
                        ),
                    ),
                ),
                ("telemetry", migrations.DeleteModel("RejectedDay")),
                ("telemetry", migrations.DeleteModel("FileDay")),
                ("telemetry", migrations.DeleteModel("SourceFile")),
                ("telemetry", migrations.DeleteModel("Telemetry")),
                (
                    "telemetry",
                    migrations.CreateModel(
                        name="Telemetry",
                        fields=[
                            (
                                "source",
                                models.OneToOneField(
                                    on_delete=django.db.models.deletion.CASCADE,
                                    parent_link=True,
                                    primary_key=True,
                                    related_name="telemetry",
                                    serialize=False,
                                    to="ingestion.source",
                                ),
                            ),
                            ("date_column", models.CharField(max_length=200)),
                            (
                                "date_format",
                                models.CharField(
                                    choices=[
                                        ("yyyy-MM-dd", "yyyy-MM-dd"),
                                        ("yyyy/MM/dd", "yyyy/MM/dd"),
                                        ("yyyy/M/d", "yyyy/M/d"),
                                        ("MM/d/yyyy", "MM/d/yyyy"),
                                        ("yyyy-M-d", "yyyy-M-d"),
                                        ("yyyy-MM-dd'T'00:00:00'Z'", "yyyy-MM-dd'T'00:00:00'Z'"),
                                    ],
                                    max_length=40,
                                ),
                            ),
                            (
                                "overlap",
                                models.CharField(
                                    choices=[
                                        ("newest", "The file modified last wins"),
                                        ("add", "Values of different files add up"),
                                    ],
                                    default="newest",
                                    max_length=10,
                                    verbose_name="overlap rule",
                                ),
                            ),
                        ],
                        options={
                            "verbose_name_plural": "telemetries",
                            "permissions": [
                                (
                                    "manage_telemetry",
                                    "Telemetry management: create, edit, deactivate and sync telemetries",
                                )
                            ],
                            "constraints": [
                                models.CheckConstraint(
                                    condition=models.Q(("overlap__in", ["newest", "add"])),
                                    name="telemetry_overlap_known",
                                ),
                                models.CheckConstraint(
                                    condition=models.Q(
                                        (
                                            "date_format__in",
                                            [
                                                "yyyy-MM-dd",
                                                "yyyy/MM/dd",
                                                "yyyy/M/d",
                                                "MM/d/yyyy",
                                                "yyyy-M-d",
                                                "yyyy-MM-dd'T'00:00:00'Z'",
                                            ],
                                        )
                                    ),
                                    name="telemetry_date_format_known",
                                ),
                            ],
                            "indexes": [],
                        },
                        bases=("ingestion.source",),
                    ),
                ),
            ],
            database=restructure,
        ),
    ]
