from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count, F


def carry_over(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Who belongs to one account alone signed in to that one; of others nobody knows to which."""
    user, membership = apps.get_model("accounts", "User"), apps.get_model("accounts", "Membership")
    alone = user.objects.annotate(accounts=Count("memberships")).filter(accounts=1)
    theirs = membership.objects.filter(user__in=alone, user__last_login__gte=F("created_at"))
    for found in theirs.select_related("user").iterator():
        membership.objects.filter(pk=found.pk).update(last_sign_in_at=found.user.last_login)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_counters")]

    operations = [
        migrations.AddField("membership", "last_sign_in_at", models.DateTimeField(null=True, editable=False)),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
