from __future__ import annotations

from typing import Self

from django.db import models

from audit.origin import ADMINISTRATION, COMMAND, PAGE, PROCESS


class EntryQuerySet(models.QuerySet["Entry"]):
    def for_account(self, account: models.Model) -> Self:
        """Entries of `account` alone."""
        return self.filter(account_id=account.pk)


class Entry(models.Model):
    """One thing that somebody did. Written once; the database refuses to change or delete it.

    Without foreign keys: an entry says what was true at its moment, and stays when the account, the person or
    the object is gone. `account_id` is None for what belongs to no account, such as a failed sign-in.
    """

    class Via(models.TextChoices):
        PAGE = PAGE, "Page"
        ADMINISTRATION = ADMINISTRATION, "Administration"
        COMMAND = COMMAND, "Command"
        PROCESS = PROCESS, "Process"

    at = models.DateTimeField()
    account_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField("who", max_length=254)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=254)
    via = models.CharField(max_length=20, choices=Via.choices)
    address = models.GenericIPAddressField("IP address", null=True)
    agent = models.CharField("browser or program", max_length=200)
    before = models.JSONField(default=dict)  # {field: value}, of the fields that changed
    after = models.JSONField(default=dict)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = "entry"
        verbose_name_plural = "audit log"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["account_id", "-id"], name="audit_newest_of_account"),
            models.Index(
                fields=["object_type", "object_id", "-id"],
                condition=models.Q(account_id=None),
                name="audit_newest_of_no_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}"
