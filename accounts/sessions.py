"""The active account of a session, and its end: by sign-out, a new password, deactivation, expiry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F

from accounts.models import Account, Membership, User

ACCOUNT = "account"
SEEN, BEGAN = "seen_at", "began_at"
ACTIVITY_INTERVAL = 60  # seconds: the session row is not written at every request


def end_sessions(*, user: User) -> None:
    """End every session of the person. To keep the current one call update_session_auth_hash."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])


def has_expired(session: SessionBase, *, now: datetime) -> bool:
    """Whether it was idle for SESSION_IDLE_SECONDS, or is older than SESSION_LIFETIME_SECONDS."""
    moment = int(now.timestamp())
    idle = moment - session.get(SEEN, moment)
    age = moment - session.get(BEGAN, moment)
    return idle > settings.SESSION_IDLE_SECONDS or age > settings.SESSION_LIFETIME_SECONDS


def note_activity(session: SessionBase, *, now: datetime) -> bool:
    """Returns whether it was written: the last time was long enough ago."""
    moment = int(now.timestamp())
    session.setdefault(BEGAN, moment)
    if moment - session.get(SEEN, 0) >= min(ACTIVITY_INTERVAL, settings.SESSION_IDLE_SECONDS // 4):
        session[SEEN] = moment
        return True
    return False


def enter_account(session: SessionBase, *, account: Account) -> None:
    """Make the account active in the session. Its name is shown after the person has left it."""
    session[ACCOUNT] = {"id": account.pk, "name": account.name}


def note_sign_in_to(account: Account | None, *, user: User, now: datetime) -> None:
    """Shown to the account's admins, who do not see sign-ins to other accounts."""
    if account is not None:
        Membership.objects.for_account(account).filter(user=user).update(last_sign_in_at=now)


def find_account(session: SessionBase, *, accounts: Sequence[Account]) -> tuple[Account | None, str]:
    """The session's active account among the person's; or the name of one that they have left.

    A new session enters the first account. After leaving an account a session has none until the person
    chooses: nobody is moved into another account while they work.
    """
    kept = session.get(ACCOUNT)
    if not kept:
        if accounts:
            enter_account(session, account=accounts[0])
        return (accounts[0] if accounts else None), ""
    if isinstance(kept, str):  # a slug, in sessions from before 0025
        kept = {"id": next((account.pk for account in accounts if account.slug == kept), None), "name": kept}
    account = next((account for account in accounts if account.pk == kept["id"]), None)
    return account, "" if account else kept["name"]
