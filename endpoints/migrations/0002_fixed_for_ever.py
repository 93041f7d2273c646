"""What never changes once it is created holds in the database, whoever writes: an endpoint's external ID."""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION endpoint_external_id_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the external ID of an endpoint cannot change' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER endpoint_external_id_is_fixed BEFORE UPDATE ON endpoints_s3endpoint FOR EACH ROW
  WHEN (OLD.external_id IS DISTINCT FROM NEW.external_id OR OLD.account_id <> NEW.account_id)
  EXECUTE FUNCTION endpoint_external_id_is_fixed();
"""
SQLITE = """
CREATE TRIGGER endpoint_external_id_is_fixed BEFORE UPDATE ON endpoints_s3endpoint FOR EACH ROW
  WHEN OLD.external_id IS NOT NEW.external_id OR OLD.account_id <> NEW.account_id
BEGIN
  SELECT RAISE(ABORT, 'the external ID of an endpoint cannot change');
END;
"""


def create_trigger(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


class Migration(migrations.Migration):
    dependencies = [("endpoints", "0001_initial")]
    operations = [migrations.RunPython(create_trigger, migrations.RunPython.noop)]
