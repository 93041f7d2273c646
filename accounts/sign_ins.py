"""A person's sessions, to list and end them; and whether a sign-in came from somewhere new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.browsers import describe_browser
from accounts.journal import record_about_person
from accounts.models import SignIn, User
from accounts.notices import tell_owner
from accounts.sessions import end_sessions, has_expired
from audit.addresses import get_client_address
from audit.models import Entry
from audit.selectors import list_entries_about

REMEMBERED = timedelta(days=180)  # after which a network or browser is new again
MAX_SHOWN = 100
EVENTS_SHOWN = 20
NETWORK_BITS = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class OpenSession:
    sign_in: SignIn
    is_this: bool


def note_sign_in(request: HttpRequest, *, user: User, now: datetime) -> None:
    """Note a new session. Its owner gets a mail where network or browser are new, except the first time."""
    if request.session.session_key is None:
        request.session.create()
    sign_in = _describe(request, user, now)
    seen = list(SignIn.objects.filter(user=user).values_list("network", "browser").distinct())
    SignIn.objects.update_or_create(session_key=sign_in.session_key, defaults=_values(sign_in))
    networks, browsers = {network for network, _ in seen}, {browser for _, browser in seen}
    if seen and (sign_in.network not in networks or sign_in.browser not in browsers):
        tell_owner(user, "elsewhere")


def note_use(request: HttpRequest, *, now: datetime) -> None:
    """At most once a minute. Creates the row of sessions older than this table."""
    key = request.session.session_key
    if not SignIn.objects.filter(session_key=key).update(last_seen_at=now):
        sign_in = _describe(request, request.user, now)
        SignIn.objects.get_or_create(session_key=key, defaults=_values(sign_in))


def update_key(*, before: str | None, after: str | None) -> None:
    """Follow a session to its new key, as after a password change."""
    if before and after and before != after and not SignIn.objects.filter(session_key=after).exists():
        SignIn.objects.filter(session_key=before).update(session_key=after)


def list_open_sessions(*, user: User, this: str | None, now: datetime) -> list[OpenSession]:
    """The person's open sessions, this one first, then by last use."""
    sign_ins = SignIn.objects.filter(user=user)[:MAX_SHOWN]
    found = [OpenSession(item, item.session_key == this) for item in sign_ins if _is_open(item, user, now)]
    return sorted(found, key=lambda session: not session.is_this)


def end_session(*, sign_in: SignIn) -> None:
    with transaction.atomic():
        _load(sign_in.session_key).delete()
        record_about_person("person.session_ended", user=sign_in.user)


@transaction.atomic
def end_other_sessions(*, user: User) -> None:
    """Ends all; call update_session_auth_hash to keep the current one."""
    end_sessions(user=user)
    record_about_person("person.other_sessions_ended", user=user)


def list_events(*, user: User) -> QuerySet[Entry]:
    """The person's sign-in history, newest first. Not visible to any account."""
    return list_entries_about(kind=User.audit_kind, number=str(user.pk))[:EVENTS_SHOWN]


def list_old_sign_ins(now: datetime) -> QuerySet[SignIn]:
    """Unused for so long that their network and browser count as new again."""
    return SignIn.objects.filter(last_seen_at__lt=now - REMEMBERED)


def find_network(address: str | None) -> str:
    """The network of the address: providers change people's addresses within it."""
    if address is None:
        return ""
    bits = NETWORK_BITS[ip_address(address).version]
    return str(ip_network(f"{address}/{bits}", strict=False))


def _describe(request: HttpRequest, user: User, now: datetime) -> SignIn:
    address = get_client_address(request)
    return SignIn(
        user=user,
        session_key=request.session.session_key,
        began_at=now,
        last_seen_at=now,
        address=address,
        network=find_network(address),
        browser=describe_browser(request.headers.get("User-Agent", "")),
    )


def _values(sign_in: SignIn) -> dict[str, object]:
    names = ("user", "began_at", "last_seen_at", "address", "network", "browser")
    return {name: getattr(sign_in, name) for name in names}


def _is_open(sign_in: SignIn, user: User, now: datetime) -> bool:
    """Whether Django would accept the session: it exists and matches the current session hash."""
    session = _load(sign_in.session_key)
    return (
        session.get(SESSION_KEY) == str(user.pk)
        and constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
        and not has_expired(session, now=now)
    )


def _load(key: str) -> SessionBase:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)
