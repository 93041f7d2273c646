"""Every route that takes a form: for another account or person it is refused, and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.core import mail

from accounts.marks import EXEMPT, FIELD, HEADER, SESSION_ROUTES, make_mark
from accounts.models import Account, Membership
from tests.security.routes import Route, list_routes, read_table
from tests.security.walking import FORMS, Answer, ask
from tests.security.world import Person, World

TABLE = read_table()
POSTED = re.compile(r"<form\b[^>]*\bmethod=\"post\".*?</form>", re.DOTALL)


class TestOtherAccountsForms(World):
    """As Acme's admin, who is an admin of Zeta too: both accounts would take what is sent."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.acme, cls.zeta = (Account.objects.get(slug=slug) for slug in ("acme", "zeta"))
        Membership.objects.create(account=cls.zeta, user=cls.people["admin"].user, role="admin")

    def setUp(self) -> None:
        self.admin: Person = self.people["admin"]
        self.wrong = {
            "of another account": make_mark(user=self.admin.user, account=self.zeta),
            "of no account": make_mark(user=self.admin.user, account=None),
            "of another person": make_mark(user=self.people["manager"].user, account=self.acme),
            "of nobody": make_mark(user=None, account=None),
            "missing": "",
            "forged": make_mark(user=self.admin.user, account=self.acme)[:-1] + "~",
        }

    def test_each_is_refused_and_nothing_is_written(self):
        seen = 0
        for route in self.list_forms():
            for name, mark in self.wrong.items():
                if route.name in SESSION_ROUTES and name in {"of another account", "of no account"}:
                    continue
                answer = self.post(route, mark)
                assert (route.name, name, answer.status) == (route.name, name, 409)
                assert (route.name, name, answer.changes) == (route.name, name, set())
                assert "Nothing was changed" in answer.body.decode()
                seen += 1
        assert seen > 150
        assert mail.outbox == []
        assert self.standin.count("list") == self.standin.count("assume") == 0

    def test_each_page_has_the_mark_of_its_reader_in_every_form_that_is_posted(self):
        mark = f'name="{FIELD}" value="{make_mark(user=self.admin.user, account=self.acme)}"'
        pages = 0
        for route in self.list_pages():
            answer = ask(self.admin.client, "GET", route.url(self.ids()))
            page = answer.body.decode() if answer.response["Content-Type"].startswith("text/html") else ""
            forms = POSTED.findall(page)
            assert [form for form in forms if form.count(mark) != 1] == [], route.name
            pages += bool(forms)
        assert pages > 25

    def ids(self) -> dict[str, object]:
        return {**self.admin.ids(), "uidb64": "MQ", "token": "no-such-token"}

    def list_forms(self) -> Iterator[Route]:
        for route in self.list_pages():
            if (route.name, "POST") in TABLE:
                yield route

    def list_pages(self) -> Iterator[Route]:
        return (route for route in list_routes() if route.pattern.split("/")[0] not in EXEMPT)

    def post(self, route: Route, mark: str) -> Answer:
        url = route.url(self.ids())
        return ask(self.admin.client, "POST", url, FORMS.get(route.name), {HEADER: mark})
