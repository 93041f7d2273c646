"""Which account a session is in; and when it ends: by sign-out, a new password, deactivation, the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F

from accounts.models import Account, Membership, User

ACCOUNT = "account"
SEEN, BEGAN = "seen_at", "began_at"
SELDOM = 60  # seconds between two notes of activity: a session is no row to write at every request


def end_sessions(*, user: User) -> None:
    """Every session of the person ends. Whoever is to go on calls update_session_auth_hash for theirs."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])


def has_run_out(session: SessionBase, *, now: datetime) -> bool:
    """Whether nobody used it for SESSION_IDLE_SECONDS, or it is older than SESSION_LIFETIME_SECONDS."""
    moment = int(now.timestamp())
    idle = moment - session.get(SEEN, moment)
    age = moment - session.get(BEGAN, moment)
    return idle > settings.SESSION_IDLE_SECONDS or age > settings.SESSION_LIFETIME_SECONDS


def note_activity(session: SessionBase, *, now: datetime) -> bool:
    """Whether it was long enough ago to be written."""
    moment = int(now.timestamp())
    session.setdefault(BEGAN, moment)
    if moment - session.get(SEEN, 0) >= min(SELDOM, settings.SESSION_IDLE_SECONDS // 4):
        session[SEEN] = moment
        return True
    return False


def enter_account(session: SessionBase, *, account: Account) -> None:
    """From now on the session is in this account. The name is kept for when the person has left it."""
    session[ACCOUNT] = {"id": account.pk, "name": account.name}


def note_sign_in_to(account: Account | None, *, user: User, now: datetime) -> None:
    """For the account's admins. What is no sign-in to it, such as one to another account, they do not see."""
    if account is not None:
        Membership.objects.for_account(account).filter(user=user).update(last_sign_in_at=now)


def find_account(session: SessionBase, *, accounts: Sequence[Account]) -> tuple[Account | None, str]:
    """The account that the session is in, of those that the person belongs to; or the name of the one left.

    A session that is in none yet enters the first. One whose account the person has left stays in none until
    they choose another: nobody is moved from one account into another while they work.
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
