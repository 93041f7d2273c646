from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from accounts.models import Account, AccountScoped

TYPED = "typed"


def keep_typed(answers: dict[str, dict[str, Any]], typed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The answers with what was typed into the first step; as they are where that is nothing."""
    return {**answers, TYPED: typed} if typed else answers


class TelemetryDraft(AccountScoped):
    """A telemetry on its way through the wizard: what one person has answered so far.

    It holds answers and the names of the files sampled, never a cell of them: the sampled rows stay in the
    cache for an hour (wizard/sampling.py). `version` grows with every change, so that a second tab cannot
    overwrite what it has not seen. Once `telemetry` is set the draft is used up: it stays so that a second
    click on Create Telemetry leads to the same telemetry.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="telemetry_drafts")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="telemetry_drafts"
    )
    # {step: {question: answer}}; TYPED has what is valid of a first step that was not passed.
    answers = models.JSONField(default=dict)
    # What the person saw in the preview and went on with: [{"key", "etag", "size", "last_modified"}]
    sampled = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    telemetry = models.OneToOneField(
        "telemetry.Telemetry", null=True, blank=True, on_delete=models.CASCADE, related_name="draft"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    audit_kind = "draft"
    audited = ("user",)

    class Meta:
        ordering = ["-updated_at"]
        indexes = [models.Index(fields=["account", "user", "-updated_at"], name="draft_newest_first")]

    def __str__(self) -> str:
        return self.name or "Telemetry without a name"

    @property
    def name(self) -> str:
        """The telemetry name answered in the first step, or typed there; empty before that."""
        return (self.answers.get("source") or self.answers.get(TYPED, {})).get("name", "")
