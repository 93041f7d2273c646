from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Model, Q, QuerySet

from audit.models import Entry


def list_entries(
    *,
    account: Model,
    person: str = "",
    action: str = "",
    thing: str = "",
    date_from: date | None = None,
    date_to: date | None = None,
) -> QuerySet[Entry]:
    """The account's entries, the newest first: `person` and `thing` are parts of names, dates are UTC's."""
    entries = Entry.objects.for_account(account)
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


def list_actions(*, account: Model) -> list[str]:
    """What has happened in the account, each kind of action once."""
    actions = Entry.objects.for_account(account).order_by("action").values_list("action", flat=True)
    return list(actions.distinct())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
