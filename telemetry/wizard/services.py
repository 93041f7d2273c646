from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import Account, User
from endpoints.storage import S3Object
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from telemetry.services import create_telemetry
from telemetry.wizard.sampling import as_entries, forget_sample
from telemetry.wizard.selectors import get_endpoint, list_own_drafts, list_unfinished_drafts


class StaleDraft(Exception):
    """The draft changed since the page that is answered was shown: a second tab."""


class TooManyDrafts(Exception):
    """The person has `most` unfinished telemetries in the account (MAX_UNFINISHED_DRAFTS)."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"You have {most} unfinished telemetries in this account, which is the most that a person may "
            "have. Finish or discard one of them below, then start a new one."
        )


@transaction.atomic
def start_draft(
    *,
    account: Account,
    user: User,
    now: datetime,
    public_id: UUID | None = None,
    answers: dict[str, dict[str, Any]] | None = None,
) -> TelemetryDraft:
    """A draft with its first answers; the one of that public id where a click before has begun it.

    Raises TooManyDrafts.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two clicks are counted one after the other
    begun = list_own_drafts(account=account, user=user).filter(public_id=public_id).first()
    if begun is not None:
        return begun
    most = settings.MAX_UNFINISHED_DRAFTS
    if list_unfinished_drafts(account=account, user=user).count() >= most:
        raise TooManyDrafts(most)
    draft = TelemetryDraft(account=account, user=user, answers=answers or {}, created_at=now, updated_at=now)
    draft.public_id = public_id or draft.public_id
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:  # the id is of somebody else's draft
        draft.public_id = uuid4()
        draft.save(force_insert=True)
    return draft


def save_answers(
    *,
    draft: TelemetryDraft,
    version: int,
    answers: dict[str, dict[str, Any]],
    now: datetime,
    sampled: tuple[S3Object, ...] | None = None,
) -> None:
    """Replace the draft's answers by step, and the files that its sample is read from, where given.

    Saving what stands there already changes nothing: a second click. Else raises StaleDraft unless the draft
    still is of `version` and not used up.
    """
    files = draft.sampled if sampled is None else as_entries(sampled)
    if "preview" not in answers:  # other files than those that were seen
        files = []
    if (answers, files) == (draft.answers, draft.sampled):
        return
    changes = {"answers": answers, "sampled": files, "updated_at": now, "version": F("version") + 1}
    current = TelemetryDraft.objects.filter(pk=draft.pk, version=version, telemetry=None)
    if not current.update(**changes):
        raise StaleDraft


def sample_again(*, draft: TelemetryDraft) -> None:
    """Let the next look at the sample read the files that are the newest then."""
    TelemetryDraft.objects.filter(pk=draft.pk, telemetry=None).update(sampled=[])
    forget_sample(draft=draft)


def discard_draft(*, draft: TelemetryDraft) -> None:
    """Delete the draft with its sampled rows. What has become a telemetry stays."""
    TelemetryDraft.objects.filter(pk=draft.pk, telemetry=None).delete()
    forget_sample(draft=draft)


@transaction.atomic
def create_from_draft(
    *, draft: TelemetryDraft, version: int, now: datetime, **rules: Any
) -> tuple[Telemetry, bool]:
    """Make the telemetry and use the draft up, both or neither: (telemetry, whether it is new).

    `rules` are what the last step asks for, as create_telemetry takes it: overlap, max_rejected_percent.
    A second call finds the first one's telemetry. Raises StaleDraft, and ValidationError by question.
    """
    locked = TelemetryDraft.objects.select_for_update().get(pk=draft.pk)
    if locked.telemetry is not None:
        return locked.telemetry, False
    if locked.version != version:
        raise StaleDraft
    telemetry = create_telemetry(account=locked.account, created_by=locked.user, **_settings(locked), **rules)
    # Conditional, for SQLite, which has no row locks.
    used_up = TelemetryDraft.objects.filter(pk=locked.pk, version=version, telemetry=None)
    if not used_up.update(telemetry=telemetry, updated_at=now, version=F("version") + 1):
        raise StaleDraft
    transaction.on_commit(lambda: forget_sample(draft=locked))
    return telemetry, True


def _settings(draft: TelemetryDraft) -> dict[str, Any]:
    """The answers as create_telemetry takes them."""
    source, date, dimensions, metric = (
        draft.answers[step] for step in ("source", "date", "dimensions", "metric")
    )
    endpoint = get_endpoint(draft=draft)
    if endpoint is None:
        raise ValidationError({"endpoint": "The S3 endpoint was deleted. Choose another one."})
    format_chosen = {name: date[name] for name in ("date_column", "date_format")}
    return {**source, **format_chosen, **dimensions, **metric, "endpoint": endpoint}
