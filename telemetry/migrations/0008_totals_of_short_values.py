"""Totals by a dimension on a date with a value that no chart can show: the points have them.

1,000 characters are what csvfiles.limits.Limits.total_value was when this was written.
"""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0007_prefixes_as_they_were_read")]

    operations = [
        migrations.RunSQL(
            """DELETE FROM telemetry_dailytotal WHERE dimension <> 0 AND (telemetry_id, dimension, date) IN (
                SELECT telemetry_id, dimension, date FROM telemetry_dailytotal
                WHERE length(dimension_value) > 1000)""",
            migrations.RunSQL.noop,
        )
    ]
