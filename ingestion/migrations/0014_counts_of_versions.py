"""What the reading of a file came to stands once, with the version that was read."""

from django.db import migrations
from django.db.models import F, Q


def keep_counts(apps, schema_editor):
    files = apps.get_model("ingestion", "RunFile").objects
    version = apps.get_model("ingestion", "SourceFile")
    same = Q(
        rows_read=F("source_file__rows_read"),
        rows_rejected=F("source_file__rows_rejected"),
        points_written=F("source_file__points"),
    )
    for file in files.exclude(source_file=None).exclude(same).iterator(chunk_size=1_000):
        version.objects.filter(pk=file.source_file_id).update(
            rows_read=file.rows_read, rows_rejected=file.rows_rejected, points=file.points_written
        )
    # A preview's versions were deleted with it.
    counted = files.filter(Q(rows_read__gt=0) | Q(points_written__gt=0), source_file=None)
    for file in counted.select_related("run").iterator(chunk_size=1_000):
        file.source_file = version.objects.create(
            source_id=file.run.source_id,
            key=file.key,
            etag=file.etag,
            size=file.size,
            last_modified=file.last_modified,
            state="superseded",
            rows_read=file.rows_read,
            rows_rejected=file.rows_rejected,
            points=file.points_written,
        )
        file.save(update_fields=["source_file"])


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0013_only_what_runs_know")]
    operations = [migrations.RunPython(keep_counts)]
