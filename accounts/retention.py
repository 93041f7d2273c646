"""Retention of people's data (commandline/retention.py)."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from accounts import invitations
from accounts.counters import list_expired
from accounts.sign_ins import list_old_sign_ins
from commandline.retention import register_kept


def list_ended_sessions(now: datetime) -> QuerySet[Session]:
    """Expired, so unusable."""
    return Session.objects.filter(expire_date__lt=now)


register_kept("sessions", after="SESSION_LIFETIME_SECONDS", find=list_ended_sessions)
register_kept("sign-ins", after="180 days without use", find=list_old_sign_ins)
register_kept("invitations", after="90 days after they expire", find=invitations.list_old)
register_kept("counters", after="when they expire", find=list_expired)
