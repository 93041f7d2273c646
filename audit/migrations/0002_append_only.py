"""The log is only ever added to, whoever writes: services, admin, a shell or SQL. No account's end changes that."""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION audit_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_entry_is_kept BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW
  EXECUTE FUNCTION audit_entry_is_kept();
CREATE TRIGGER audit_log_is_kept BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT
  EXECUTE FUNCTION audit_entry_is_kept();
"""
SQLITE = [
    f"""
    CREATE TRIGGER audit_entry_is_kept_from_{verb.lower()} BEFORE {verb} ON audit_entry FOR EACH ROW
    BEGIN
      SELECT RAISE(ABORT, 'the audit log is only ever added to');
    END;
    """
    for verb in ("UPDATE", "DELETE")
]


def create_triggers(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for statement in [POSTGRESQL] if schema_editor.connection.vendor == "postgresql" else SQLITE:
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(create_triggers, migrations.RunPython.noop)]
