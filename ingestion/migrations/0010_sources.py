"""What every kind of source has, taken out of the telemetries: each keeps its id."""

import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

POSTGRESQL = """
CREATE FUNCTION source_identifier_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the identifier of a source cannot change' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER source_identifier_is_fixed BEFORE UPDATE ON ingestion_source FOR EACH ROW
  WHEN (OLD.identifier IS DISTINCT FROM NEW.identifier OR OLD.account_id <> NEW.account_id OR OLD.kind <> NEW.kind)
  EXECUTE FUNCTION source_identifier_is_fixed();
"""
SQLITE = """
CREATE TRIGGER source_identifier_is_fixed BEFORE UPDATE ON ingestion_source FOR EACH ROW
  WHEN OLD.identifier IS NOT NEW.identifier OR OLD.account_id <> NEW.account_id OR OLD.kind <> NEW.kind
BEGIN
  SELECT RAISE(ABORT, 'the identifier of a source cannot change');
END;
"""
COPY = """
INSERT INTO ingestion_source (
  id, public_id, account_id, endpoint_id, kind, prefix, identifier, name, description, max_rejected_percent,
  status, created_by_id, created_at, last_sync_at, last_sync_state, data_from, data_through
) SELECT
  id, public_id, account_id, endpoint_id, 'telemetry', prefix, identifier, name, description, max_rejected_percent,
  status, created_by_id, created_at, last_sync_at, last_sync_state, data_from, data_through
FROM telemetry_telemetry ORDER BY id
"""


def copy_telemetries(apps, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(COPY)
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            _go_on_counting(cursor)
            cursor.execute(POSTGRESQL)
        else:
            cursor.execute(
                "UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence"
                " WHERE name = 'telemetry_telemetry') WHERE name = 'ingestion_source'"
            )
            cursor.execute(SQLITE)


def _go_on_counting(cursor):
    """New sources get ids that no telemetry has had."""
    cursor.execute("SELECT pg_get_serial_sequence('telemetry_telemetry', 'id')")
    [old] = cursor.fetchone()
    cursor.execute(
        f"SELECT setval(pg_get_serial_sequence('ingestion_source', 'id'), last_value, is_called) FROM {old}"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("endpoints", "0003_bucket_names_of_before_2018"),
        ("telemetry", "0009_days_of_rejected_rows"),
        ("ingestion", "0009_manual_is_manual"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sources",
                        to="accounts.account",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sources",
                        to="endpoints.s3endpoint",
                    ),
                ),
                ("kind", models.CharField(editable=False, max_length=20)),
                ("prefix", models.CharField(max_length=1024)),
                ("identifier", models.CharField(editable=False, max_length=200)),
                ("name", models.CharField(max_length=200)),
                ("description", models.CharField(blank=True, max_length=500)),
                (
                    "max_rejected_percent",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="rejected rows allowed",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("inactive", "Inactive")],
                        default="active",
                        max_length=10,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_sync_at", models.DateTimeField(editable=False, null=True)),
                ("last_sync_state", models.CharField(blank=True, editable=False, max_length=30)),
                ("data_from", models.DateField(editable=False, null=True)),
                ("data_through", models.DateField(editable=False, null=True)),
            ],
            options={
                "ordering": ["name", "identifier"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "kind", "identifier"),
                        name="source_identifier_unique_in_account",
                        violation_error_code="identifier_taken",
                        violation_error_message="This identifier is taken. Choose another one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", ""), _negated=True), name="source_kind_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("prefix", ""), _negated=True), name="source_prefix_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("identifier", ""), _negated=True), name="source_identifier_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "inactive"])), name="source_status_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("max_rejected_percent__range", (0, 100))),
                        name="source_rejects_are_a_share",
                    ),
                ],
                "indexes": [],
            },
        ),
        migrations.RunPython(copy_telemetries),
    ]
