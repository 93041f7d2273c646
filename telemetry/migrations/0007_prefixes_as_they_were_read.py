from django.db import migrations


def drop_slashes(apps, schema_editor):
    """Until now slashes at the beginning of a prefix were dropped whenever it was read.

    What is one slash and no more stays: no other prefix than the empty one, which none may be, says the same.
    """
    telemetries = apps.get_model("telemetry", "Telemetry").objects.filter(prefix__startswith="/")
    for telemetry in telemetries.only("pk", "prefix"):
        if stripped := telemetry.prefix.lstrip("/"):
            telemetry.prefix = stripped
            telemetry.save(update_fields=["prefix"])


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0006_keys_by_their_bytes")]
    operations = [migrations.RunPython(drop_slashes, migrations.RunPython.noop)]
