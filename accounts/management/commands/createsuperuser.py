from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands.createsuperuser import Command as DjangoCommand

from accounts.journal import record_about_person
from accounts.models import User
from audit.origin import acting
from audit.snapshots import take_snapshot
from commandline.command import describe_command


class Command(DjangoCommand):
    """Django's, with an entry in the audit log."""

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        user = User.objects.latest("pk")
        User.objects.filter(pk=user.pk).update(address_verified_at=user.created_at)
        with acting(lambda: describe_command(self)):
            record_about_person("person.created", user=user, after=take_snapshot(user))
