from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import Account, User
from endpoints.models import S3Endpoint
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft


def list_own_drafts(*, account: Account, user: User) -> QuerySet[TelemetryDraft]:
    """Every draft of the user in the account, used up or not, the one changed last first."""
    drafts = TelemetryDraft.objects.for_account(account).filter(user=user)
    return drafts.select_related("account", "telemetry")


def list_unfinished_drafts(*, account: Account, user: User) -> QuerySet[TelemetryDraft]:
    """What the user began in the account and may resume."""
    return list_own_drafts(account=account, user=user).filter(telemetry=None)


def get_endpoint(*, draft: TelemetryDraft) -> S3Endpoint | None:
    """The endpoint that the draft names; None before it names one, and when that was deleted."""
    chosen = draft.answers.get("source", {}).get("endpoint")
    return S3Endpoint.objects.for_account(draft.account).filter(public_id=chosen).first() if chosen else None


def list_endpoints(*, account: Account) -> QuerySet[S3Endpoint]:
    return S3Endpoint.objects.for_account(account)


def find_taken(*, account: Account, identifiers: Iterable[str]) -> dict[str, str]:
    """Those of the identifiers that a telemetry of the account has: {identifier: the telemetry's name}."""
    taken = Telemetry.objects.for_account(account).filter(identifier__in=list(identifiers))
    return dict(taken.values_list("identifier", "name"))
