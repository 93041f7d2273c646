"""What is sent that is no text, no date and no number: to every route, in every field that it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts import second_factor
from accounts.signing_in import BACKEND
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.steps import STEPS
from tests.accounts.codes import make_code
from tests.browser.world import make_draft
from tests.security.fields import recording_fields
from tests.security.queries import ROOT
from tests.security.routes import list_routes, read_table
from tests.security.walking import FORMS, ask
from tests.security.world import PASSWORD, World

TABLE = read_table()
NUL = "a\0b"
ANY = {"any": "1"}  # a form that is not empty: an empty one is taken for none
ODD = [NUL, "0001-01-01", "9999-12-31", "9" * 20, "http://[²\u202e\ufffe\U0001f4a5'\"><{{\x1f\x85"]
FEW = [NUL, "9" * 20]  # where a request takes long, or is an operator's
NUMBERS = {"max_rejected_percent", "version"}
HASHING = {"accounts:login", "accounts:password", "accounts:member-add"}  # a password, which takes its time
ADMINS = {"q", "p", "all", "term"}  # what Django admin reads on each of its lists; the rest is its own


class TestOddText(World):
    def test_no_field_of_a_page_or_form_breaks_the_answer(self):
        assert "\n".join(self.walk()) == ""

    def test_no_field_of_a_step_of_the_wizard_does(self):
        admin = self.people["admin"]
        endpoint = admin.looks_at.endpoint
        for step in STEPS:
            TelemetryDraft.objects.filter(user=admin.user).delete()
            draft = make_draft(admin.looks_at.account, admin.user, endpoint)
            draft.answers["source"]["prefix"] = "requests/"
            draft.save()
            route = next(route for route in list_routes() if route.name == "telemetry:step")
            ids = {**admin.ids(), "draft_id": draft.public_id, "step": step.slug}
            form = {"version": draft.version, **draft.answers.get(step.slug, {})}
            for method in ("GET", "POST"):
                problems = self.try_fields(admin.client, method, route.url(ids), form, FEW)
                assert "\n".join(problems) == ""

    def test_no_field_on_the_way_to_a_session_does(self):
        person = self.people["manager"].user
        second_factor.begin_set_up(user=person)
        codes = [("accounts:second-factor-set-up", self.people["manager"].client)]
        assert "\n".join(self.try_codes(codes)) == ""

        second_factor.confirm_set_up(user=person, code=make_code(person, steps=-1), now=timezone.now())
        pending, signed_in = Client(), Client()
        signed_in.force_login(person, backend=BACKEND)
        pending.post(reverse("accounts:login"), {"username": person.email, "password": PASSWORD})
        names = ("accounts:recovery-codes", "accounts:second-factor-off")
        codes = [("accounts:sign-in-code", pending), *((name, signed_in) for name in names)]
        assert "\n".join(self.try_codes(codes)) == ""

        for name, odd in (("accounts:login", FEW), ("accounts:password-reset", ODD)):
            for method in ("GET", "POST"):
                form = FORMS.get(name, ANY)
                assert "\n".join(self.try_fields(Client(), method, reverse(name), form, odd)) == ""

    def try_codes(self, routes: list[tuple[str, Client]]) -> Iterator[str]:
        for name, client in routes:
            with recording_fields() as names:
                ask(client, "POST", reverse(name), ANY)
            assert names == {"code"}, name
            for value in ODD:
                if problem := self.find_problem(client, "POST", reverse(name), {}, "code", value):
                    yield f"{name}: {value!r}: {problem}"

    def walk(self) -> Iterator[str]:
        for route in list_routes():
            is_theirs = route.pattern.startswith("admin/")
            if is_theirs and not route.name.endswith(("_changelist", ":autocomplete")):
                continue  # Django's own forms
            person = self.people["operator" if is_theirs else "admin"]
            for method in ("GET",) if is_theirs else ("GET", "POST"):
                if (route.name, method) in TABLE:
                    url = route.url({**person.ids(), "uidb64": "MQ", "token": "no-such-token"})
                    form = FORMS.get(route.name, ANY)
                    yield from self.try_fields(
                        person.client, method, url, form, FEW if is_theirs or route.name in HASHING else ODD
                    )

    def try_fields(
        self, client: Client, method: str, url: str, form: dict[str, Any], odd: list[str]
    ) -> Iterator[str]:
        """Each field that the view reads, with each odd value, the others as they should be."""
        with recording_fields() as names:
            ask(client, method, url, form)
        for name in sorted(names & ADMINS if url.startswith("/admin/") else names):
            for value in [*odd, "1e999999"] if name in NUMBERS else odd:
                if problem := self.find_problem(client, method, url, form, name, value):
                    yield f"{method} {url} {name}={value[:40]!r}: {problem}"

    def find_problem(
        self, client: Client, method: str, url: str, form: dict[str, Any], name: str, value: str
    ) -> str:
        query = f"?{urlencode({name: value})}" if method == "GET" else ""
        try:
            answer = ask(client, method, url + query, {**form, name: value})
        except Exception as error:  # noqa: BLE001 (whatever it is: a page would be a 500, a download cut off)
            return repr(error)
        if value == NUL and answer.status != 400:
            return f"{answer.status}, not 400"
        return f"{answer.status}" if answer.status >= 500 else ""


def test_no_template_asks_a_query_for_a_method():
    """`request.GET.items` is the field `items` where one is sent: use {% querystring %}, or the view."""
    asked = re.compile(r"request\.(?:GET|POST)\.(?:urlencode|items|lists|dict|keys|values|getlist)\b")
    found = [path.name for path in (ROOT / "templates").rglob("*.html") if asked.search(path.read_text())]
    assert found == []
