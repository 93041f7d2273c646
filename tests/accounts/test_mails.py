"""One way out for mails, and one address in their links."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.db import transaction

from accounts.mails import make_link, send_mail_later
from accounts.models import Identity, User
from audit.models import Entry
from standby.models import QueuedMail
from tests.security.queries import ROOT, list_sources

# What makes an address of ours from a request, or sends past the one way; where that is no link in a mail.
FROM_A_REQUEST = ("get_host", "build_absolute_uri", "HTTP_HOST", "get_current_site")
SENDING = (
    "send_mail(",
    "EmailMessage",
    "EmailMultiAlternatives",
    "mail_admins",
    "email_user(",
    "send_mass_mail",
)
NO_LINK_IN_A_MAIL = {
    "accounts/kept_forms.py": "whether a form was sent from a page of ours",
    "accounts/sso.py": "where the provider sends the browser back to: it knows the addresses",
    "accounts/views/home.py": "whether `next` is on this site",
}
MOMENT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_no_link_is_made_from_a_request():
    found = {
        path.relative_to(ROOT).as_posix()
        for path in list_sources()
        if any(name in path.read_text(encoding="utf-8") for name in FROM_A_REQUEST)
    }
    assert found == set(NO_LINK_IN_A_MAIL)


def test_one_module_sends_mail():
    found = {
        path.relative_to(ROOT).as_posix()
        for path in list_sources()
        if any(name in path.read_text(encoding="utf-8") for name in SENDING)
    }
    assert found == {"standby/mails.py", "standby/tasks.py"}


def test_a_link_is_the_sites_address_and_the_path(settings):
    settings.SITE_URL = "https://metrics.example.com"

    assert make_link("/accounts/sessions/") == "https://metrics.example.com/accounts/sessions/"


@pytest.mark.django_db(transaction=True)
def test_what_is_undone_sends_no_mail_and_a_subject_is_one_line(monkeypatch):
    sent = []
    monkeypatch.setattr("standby.queue.send", lambda task, mail_id: sent.append(mail_id))
    template, user = "accounts/notice_mail.txt", User(email="ada@acme.example")

    def send(subject: str) -> None:
        send_mail_later(to=user.email, subject=subject, template=template, context={"user": user})

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        send("undone")
        raise ZeroDivisionError
    send("two\nBcc: evil@example.com")

    [mail] = QueuedMail.objects.all()
    assert (sent, mail.subject) == ([mail.pk], "two Bcc: evil@example.com")


def test_an_address_verified_before_stays_verified(db):
    """The migration reads it from identities and from the audit log."""
    people = {
        name: User.objects.create_user(f"{name}@acme.example")
        for name in ("linked", "reset", "other", "gone")
    }
    Identity.objects.create(user=people["linked"], issuer="https://x", subject="1")
    for name, address in (("reset", "reset@acme.example"), ("gone", "their.old@acme.example")):
        Entry.objects.create(
            at=MOMENT, action="person.password_reset", actor_id=people[name].pk, actor=address, via="page"
        )
    import_module("accounts.migrations.0003_invitations_and_sign_ins").keep_what_was_shown(apps, None)

    shown = dict(User.objects.values_list("email", "address_verified_at"))
    assert shown["linked@acme.example"] == Identity.objects.get().created_at
    assert shown["reset@acme.example"] == MOMENT
    assert shown["other@acme.example"] is shown["gone@acme.example"] is None
