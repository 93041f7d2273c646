"""What never changes once it is created holds in the database, whoever writes: a telemetry's identifier."""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION telemetry_identifier_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the identifier of a telemetry cannot change' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER telemetry_identifier_is_fixed BEFORE UPDATE ON telemetry_telemetry FOR EACH ROW
  WHEN (OLD.identifier IS DISTINCT FROM NEW.identifier OR OLD.account_id <> NEW.account_id)
  EXECUTE FUNCTION telemetry_identifier_is_fixed();
"""
SQLITE = """
CREATE TRIGGER telemetry_identifier_is_fixed BEFORE UPDATE ON telemetry_telemetry FOR EACH ROW
  WHEN OLD.identifier IS NOT NEW.identifier OR OLD.account_id <> NEW.account_id
BEGIN
  SELECT RAISE(ABORT, 'the identifier of a telemetry cannot change');
END;
"""


def create_trigger(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]
    operations = [migrations.RunPython(create_trigger, migrations.RunPython.noop)]
