"""Removing an account: deactivate it, export it, then delete its data in small transactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Account, Membership, User
from audit.models import Entry
from audit.services import record
from audit.snapshots import take_snapshot
from core.locks import lock_rows, retry_deadlocks
from endpoints.models import S3Endpoint
from endpoints.services import delete_endpoint
from ingestion.cleanup import delete_runs, end_active_runs
from offboarding.export import export_account, is_exported
from telemetry.emptying import empty_telemetry
from telemetry.models import Telemetry, TelemetryDraft
from telemetry.services import delete_telemetry
from telemetry.wizard.sampling import forget_sample

STARTED = "account.removal_started"
_TRIES = 5
ENDED_RUN = "The account is being removed."


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed. `people_without_account` have a sign-in and are members of no account any more."""

    slug: str
    members: list[str]
    people_without_account: list[str]
    export: str | None = None

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def deactivate_account(*, account: Account, now: datetime) -> None:
    """No run starts any more, active ones end, and the account's pages close. The data stay."""
    _close(account)
    for telemetry in Telemetry.objects.for_account(account).filter(runs__finished_at=None).distinct():
        end_active_runs(source=telemetry, now=now, message=ENDED_RUN)


def remove_account(
    *, account: Account, now: datetime, export_to: Path | None = None, report: Callable[[str], None] = print
) -> Removal:
    """Deactivate the account, export it, and delete everything of it. Call it again after an interruption.

    `report` is told what is being done. Raises ValidationError keyed by `export` where there can be no whole
    export in that folder, and OSError; nothing is deleted then.
    """
    deactivate_account(account=account, now=now)
    if export_to is not None:
        _export(account, export_to, report)
    members = _start(account)
    for telemetry in Telemetry.objects.for_account(account).order_by("pk"):
        report(f"Deleting {telemetry.identifier}")
        _delete_telemetry(telemetry, now)
    _finish(account, members)
    alone = User.objects.filter(email__in=members, memberships=None, is_staff=False).order_by("email")
    return Removal(
        slug=account.slug,
        members=members,
        people_without_account=list(alone.values_list("email", flat=True)),
        export=None if export_to is None else str(export_to),
    )


def find_start(*, account: Account) -> Entry | None:
    """The audit log's entry that the deletion has begun: what is left of the account is not whole."""
    if Membership.objects.for_account(account).exists():
        return None
    return Entry.objects.for_account(account).filter(action=STARTED).order_by("-pk").first()


@retry_deadlocks
@transaction.atomic
def _close(account: Account) -> None:
    active = Telemetry.objects.for_account(account).filter(status=Telemetry.Status.ACTIVE)
    lock_rows(active)
    stopped = active.update(status=Telemetry.Status.INACTIVE)
    before = take_snapshot(account)
    account.s3_csv_telemetry = False
    account.save(update_fields=["s3_csv_telemetry"])
    if stopped or before["s3_csv_telemetry"]:
        after = take_snapshot(account) | {"telemetries_deactivated": stopped}
        record("account.deactivated", account=account, target=account, before=before, after=after)


def _export(account: Account, folder: Path, report: Callable[[str], None]) -> None:
    if find_start(account=account) is None:
        export_account(account=account, folder=folder, report=report)
    elif not is_exported(account=account, folder=folder):
        raise ValidationError(
            {
                "export": f"The deletion of {account.slug} has begun before, and there is no export of it in "
                f"{folder}: what is left is not whole. Go on without an export."
            }
        )


def _delete_telemetry(telemetry: Telemetry, now: datetime) -> None:
    for left in reversed(range(_TRIES)):
        try:
            end_active_runs(source=telemetry, now=now, message=ENDED_RUN)
            delete_runs(source=telemetry)
            empty_telemetry(telemetry=telemetry)
            delete_telemetry(telemetry=telemetry, identifier=telemetry.identifier)
        except IntegrityError:  # a worker that had not found out yet has written a row more
            if not left:
                raise
        else:
            return


@transaction.atomic
def _start(account: Account) -> list[str]:
    """End all memberships; returns the former members, also of an interrupted removal."""
    started = find_start(account=account)
    if started is not None:
        former: list[str] = started.before["members"]
        return former
    memberships = Membership.objects.for_account(account)
    members = list(memberships.order_by("user__email").values_list("user__email", flat=True))
    record(STARTED, account=account, target=account, before={"members": members}, after={"members": []})
    memberships.delete()
    return members


@retry_deadlocks
@transaction.atomic
def _finish(account: Account, members: list[str]) -> None:
    """What is small, and the account itself."""
    for draft in TelemetryDraft.objects.for_account(account):
        transaction.on_commit(partial(forget_sample, draft=draft))
    for endpoint in S3Endpoint.objects.for_account(account):
        delete_endpoint(endpoint=endpoint)
    before = take_snapshot(account) | {"members": members}
    record("account.removed", account=account, target=account, before=before)
    Account.objects.get(pk=account.pk).delete()
