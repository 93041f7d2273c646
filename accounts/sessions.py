"""When a session ends: by sign-out, by a new password, by deactivation, and by the clock."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F

from accounts.models import User

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
