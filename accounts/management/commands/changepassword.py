from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands.changepassword import Command as DjangoCommand

from accounts.journal import record_about_person
from accounts.models import User
from accounts.notices import tell_owner
from audit.origin import acting
from commandline.command import describe_command


class Command(DjangoCommand):
    """Django's, with an entry in the audit log."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        said = super().handle(*args, **options)
        user = User.objects.get_by_natural_key(options["username"])
        with acting(lambda: describe_command(self)):
            record_about_person("person.password_changed", user=user)
            tell_owner(user, "password")
        return said
