"""Arguments that several telemetry commands share."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from accounts.models import Account
from commandline.command import WrongArguments
from telemetry.models import Telemetry
from telemetry.selectors import get_telemetry, list_telemetries


def find_telemetry(account: Account, identifier: str) -> Telemetry:
    """Raises WrongArguments naming the identifiers that there are."""
    try:
        return get_telemetry(account=account, identifier=identifier)
    except Telemetry.DoesNotExist:
        known = list_telemetries(account=account).order_by("identifier").values_list("identifier", flat=True)
        others = f"It has: {', '.join(known)}." if known else "It has none yet: manage.py add_telemetry"
        raise WrongArguments(f"Account {account.slug!r} has no telemetry {identifier!r}. {others}") from None


def parse_day(text: str | None, argument: str) -> date | None:
    """A date written yyyy-MM-dd. Raises WrongArguments."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or len(text) != 10:
        raise WrongArguments(f"{argument}: {text!r} is not a date. Write it as yyyy-MM-dd.")
    return day


def parse_share(text: str | None, argument: str) -> Decimal | None:
    """A share in percent, from 0 to 100. Raises WrongArguments."""
    if text is None:
        return None
    try:
        share = Decimal(text)
    except InvalidOperation:
        share = Decimal("NaN")
    if not (share.is_finite() and 0 <= share <= 100 and share == round(share, 2)):
        raise WrongArguments(
            f"{argument}: {text!r} is not a share. Give percent from 0 to 100, such as 5 or 0.25."
        )
    return share
