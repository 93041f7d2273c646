"""The clients that hold temporary credentials, kept in memory until shortly before the credentials end."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from endpoints.grants import Grant

RENEW_BEFORE_END = timedelta(minutes=5)
MAX_SESSIONS = 256


class Credentials:
    """The result of AssumeRole. Its repr shows nothing, since tracebacks show local variables."""

    __slots__ = ("_given", "ends")
    FIELDS = frozenset({"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"})

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self.ends: datetime = given["Expiration"]

    def for_client(self) -> dict[str, str]:
        """The arguments that boto3 takes for a client."""
        return {
            "aws_access_key_id": self._given["AccessKeyId"],
            "aws_secret_access_key": self._given["SecretAccessKey"],
            "aws_session_token": self._given["SessionToken"],
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A client that acts as a role until `ends` (UTC). Its repr shows nothing of it."""

    client: Any = field(repr=False)
    ends: datetime


class SessionCache:
    """Sessions by grant, the least recently used forgotten first. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: OrderedDict[Grant, Session] = OrderedDict()

    def get(self, grant: Grant, *, start: Callable[[Grant], Session]) -> Session:
        """The session of this grant; `start` begins one where there is none that lasts.

        Two threads may both start one: an extra call costs less than waiting for each other.
        """
        with self._lock:
            session = self._sessions.get(grant)
            if session is not None and timezone.now() < session.ends - RENEW_BEFORE_END:
                self._sessions.move_to_end(grant)
                return session
        session = start(grant)
        with self._lock:
            self._drop_ended()
            self._sessions[grant] = session
            self._sessions.move_to_end(grant)
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def _drop_ended(self) -> None:
        now = timezone.now()
        for grant in [grant for grant, session in self._sessions.items() if session.ends <= now]:
            del self._sessions[grant]

    def forget(self, grant: Grant) -> None:
        with self._lock:
            self._sessions.pop(grant, None)

    def clear(self) -> None:
        with self._lock:
            self._sessions.clear()
