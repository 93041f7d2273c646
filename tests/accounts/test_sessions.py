"""When a session ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from accounts.services import add_member, deactivate, set_password
from accounts.sessions import has_expired, note_activity
from commandline.retention import prune

PAGE = "/accounts/password/"
START = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def user(account) -> User:
    return add_member(account=account, email="ada@acme.example", role="admin", password="correct horse")[
        0
    ].user


def is_in(client) -> bool:
    return client.get(PAGE).status_code == 200


class TestTheClock:
    @pytest.fixture(autouse=True)
    def limits(self, settings):
        settings.SESSION_IDLE_SECONDS = 3600
        settings.SESSION_LIFETIME_SECONDS = 86_400

    def session(self, *seen_after: int) -> SessionBase:
        """A session used that many minutes after START."""
        session = SessionBase()
        for minutes in (0, *seen_after):
            note_activity(session, now=START + timedelta(minutes=minutes))
        return session

    @pytest.mark.parametrize(("minutes", "ended"), [(0, False), (60, False), (61, True)])
    def test_it_ends_an_hour_after_the_last_request(self, minutes, ended):
        assert has_expired(self.session(), now=START + timedelta(minutes=minutes)) is ended

    def test_each_request_lets_it_go_on(self):
        session = self.session(50, 100)

        assert not has_expired(session, now=START + timedelta(minutes=150))
        assert has_expired(session, now=START + timedelta(minutes=161))

    def test_it_ends_after_a_day_however_busy(self):
        session = self.session(*range(0, 1441, 30))

        assert not has_expired(session, now=START + timedelta(minutes=1440))
        assert has_expired(session, now=START + timedelta(minutes=1441))

    def test_it_is_written_once_a_minute_at_most(self):
        session = self.session()
        session.modified = False
        note_activity(session, now=START + timedelta(seconds=59))
        assert not session.modified

        note_activity(session, now=START + timedelta(seconds=60))
        assert session.modified


def test_an_expired_session_redirects_to_sign_in_and_says_why(user, sign_in):
    client = sign_in(user)
    session = client.session
    session["seen_at"] -= 7_201
    session.save()
    answer = client.get(PAGE)

    assert answer.url == f"/accounts/login/?next={PAGE}"
    assert "You were signed out, because" in client.get(answer.url).content.decode()
    assert not Session.objects.filter(pk=session.session_key).exists()


def test_it_ends_on_a_password_change(user, sign_in):
    client = sign_in(user)
    assert is_in(client)
    set_password(user=user, password="another long phrase")

    assert not is_in(client)


def test_it_ends_on_deactivation_and_activating_again_revives_none(user, sign_in):
    client, unused = sign_in(user), sign_in(user)
    deactivate(user=user)
    assert not is_in(client)
    User.objects.update(is_active=True)

    assert not is_in(client)
    assert not is_in(unused)


def test_deactivating_in_django_admin_ends_them_too(user, sign_in):
    client = sign_in(user)
    operator = sign_in(User.objects.create_superuser("ops@denominator.example"))
    operator.post(f"/admin/accounts/user/{user.pk}/change/", {"email": user.email, "name": ""})
    user.refresh_from_db()
    assert not user.is_active
    User.objects.update(is_active=True)

    assert not is_in(client)


def test_rows_of_sessions_that_have_ended_are_cleared(user, sign_in):
    kept, ended = sign_in(user).session.session_key, sign_in(user).session.session_key
    Session.objects.filter(pk=ended).update(expire_date=timezone.now() - timedelta(seconds=1))
    prune(now=timezone.now())

    assert list(Session.objects.values_list("pk", flat=True)) == [kept]
