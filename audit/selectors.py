from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Model, Q, QuerySet

from audit.models import Entry


def list_entries(
    *,
    account: Model,
    without: Iterable[str] = (),
    person: str = "",
    action: str = "",
    thing: str = "",
    date_from: date | None = None,
    date_to: date | None = None,
) -> QuerySet[Entry]:
    """The account's entries, the newest first: `person` and `thing` are parts of names, dates are UTC's.

    `without`: kinds of things that are left out.
    """
    entries = Entry.objects.for_account(account).exclude(object_type__in=without)
    if person:
        entries = entries.filter(actor__icontains=person)
    if action:
        entries = entries.filter(action=action)
    if thing:
        entries = entries.filter(Q(object_name__icontains=thing) | Q(object_id=thing))
    if date_from:
        entries = entries.filter(at__gte=_midnight(date_from))
    if date_to and date_to < date.max:  # after the last day of all there is no midnight
        entries = entries.filter(at__lt=_midnight(date_to) + timedelta(days=1))
    return entries


def list_entries_about(*, kind: str, number: str) -> QuerySet[Entry]:
    """What has happened to one thing that belongs to no account, the newest first."""
    return Entry.objects.filter(account_id=None, object_type=kind, object_id=number)


def list_actions(*, account: Model, without: Iterable[str] = ()) -> list[str]:
    """What has happened in the account, each kind of action once."""
    entries = Entry.objects.for_account(account).exclude(object_type__in=without)
    return list(entries.order_by("action").values_list("action", flat=True).distinct())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
