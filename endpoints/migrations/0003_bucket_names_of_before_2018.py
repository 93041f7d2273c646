from django.db import migrations, models

# Django builds a table of SQLite anew to alter it, and the new one has no triggers: as in 0002.
SQLITE = """
CREATE TRIGGER IF NOT EXISTS endpoint_external_id_is_fixed BEFORE UPDATE ON endpoints_s3endpoint FOR EACH ROW
  WHEN OLD.external_id IS NOT NEW.external_id OR OLD.account_id <> NEW.account_id
BEGIN
  SELECT RAISE(ABORT, 'the external ID of an endpoint cannot change');
END;
"""


def create_trigger_again(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(SQLITE)


class Migration(migrations.Migration):
    dependencies = [("endpoints", "0002_fixed_for_ever")]

    operations = [
        migrations.AlterField(
            model_name="s3endpoint",
            name="bucket",
            field=models.CharField(max_length=255, verbose_name="bucket name"),
        ),
        migrations.RunPython(create_trigger_again, migrations.RunPython.noop),
    ]
