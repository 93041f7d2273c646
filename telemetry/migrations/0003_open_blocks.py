"""The points of all blocks as rows, for whoever reads: a view, in the words of either database."""

from django.db import migrations

POSTGRESQL = """
CREATE VIEW telemetry_datapoint AS
  SELECT b.source_file_id, b.date, b.part, p.series_id, p.value
  FROM telemetry_pointblock b CROSS JOIN LATERAL unnest(b.series_ids, b.series_values) AS p(series_id, value);
"""
SQLITE = """
CREATE VIEW telemetry_datapoint AS
  SELECT b.source_file_id, b.date, b.part, CAST(p.key AS INTEGER) AS series_id, p.value AS value
  FROM telemetry_pointblock b JOIN json_each(b.series_values) AS p;
"""
# Long arrays are compressed; lz4 does it in half of the time of the default, where the server was built with it.
COMPRESSION = """
DO $$ BEGIN
  IF (SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
    ALTER TABLE telemetry_pointblock
      ALTER series_ids SET COMPRESSION lz4, ALTER series_values SET COMPRESSION lz4;
  END IF;
END $$;
"""


def open_blocks(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            cursor.execute(COMPRESSION)
            cursor.execute(POSTGRESQL)
        else:
            cursor.execute(SQLITE)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0002_fixed_for_ever")]
    operations = [migrations.RunPython(open_blocks, migrations.RunPython.noop)]
