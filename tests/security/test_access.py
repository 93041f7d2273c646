"""Every route, with every method, as everybody, against the table in access.md."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.test import Client

from tests.security.routes import Route, list_routes, read_table
from tests.security.walking import FORMS, Answer, ask
from tests.security.world import Person, World

TABLE = read_table()
QUERIES = {"admin:autocomplete": "?app_label=accounts&model_name=membership&field_name=user&term="}
OTHER_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

# A page that is sent to another one by a redirect; htmx gets the part of it that goes on.
PARTS_INSTEAD = {("endpoints:test", "POST")}


def test_every_route_is_in_the_table_and_every_row_has_its_route():
    assert {route for route, _ in TABLE} == {route.name for route in list_routes()}


def test_no_route_has_the_name_of_another():
    names = [route.name for route in list_routes()]
    assert sorted(names) == sorted(set(names))


class TestAccess(World):
    def test_everybody_gets_what_the_table_says(self):
        assert "\n".join(self.walk()) == ""

    def test_a_part_of_a_page_is_as_guarded_as_the_page(self):
        assert "\n".join(self.walk(headers={"HX-Request": "true"})) == ""

    def walk(self, headers: dict[str, str] | None = None) -> Iterator[str]:
        """What differs from the table, or reads a row of an account that is not the reader's."""
        for route in list_routes():
            if headers and route.pattern.startswith("admin/"):
                continue  # Django's own pages know no htmx
            people = next(expected for (name, _), expected in TABLE.items() if name == route.name)
            for name in people:
                for method in ("GET", "POST"):
                    answer = self.ask(route, name, method, headers)
                    expected = TABLE.get((route.name, method), {}).get(name, "405")
                    if headers and expected == "302" and (route.name, method) in PARTS_INSTEAD:
                        expected = "200"
                    if answer.describe() != expected:
                        yield f"{route.name} {method} {name}: {answer.describe()}, not {expected}"
                    yield from _find_foreign_rows(answer, self.people[name], f"{route.name} {method} {name}")

    def test_head_answers_as_get_without_a_body_and_changes_nothing(self):
        for route in list_routes():
            for name in ("anonymous", "stranger", "admin", "operator"):
                get, head = (self.ask(route, name, method) for method in ("GET", "HEAD"))
                assert (route.name, head.status, head.body) == (route.name, get.status, b"")
                # Once a minute it is noted that a session is still used.
                assert head.changes <= {"django_session", "accounts_signin"}, route.name

    def test_no_other_method_is_answered_by_anything(self):
        for route in list_routes():
            for method in OTHER_METHODS:
                assert self.ask(route, "admin", method).status == 405
                assert self.ask(route, "operator", method).status == 405

    def test_no_form_is_taken_without_its_token(self):
        self.send_without_token(with_mark=False, status=403)

    def test_with_a_mark_of_ours_it_is_kept_to_be_filled_in_again_and_no_more(self):
        self.send_without_token(with_mark=True, status=302)

    def send_without_token(self, *, with_mark: bool, status: int) -> None:
        for (name, method), expected in TABLE.items():
            person = "admin" if expected["admin"] in {"200", "302", "409"} else "operator"
            if method == "POST" and expected[person] in {"200", "302", "409"}:
                route = next(route for route in list_routes() if route.name == name)
                careful = Client(enforce_csrf_checks=True)
                careful.sends_marks = with_mark
                careful.cookies.update(self.people[person].client.cookies)
                answer = ask(careful, "POST", route.url(self.ids(route, person)), FORMS.get(name))
                assert (name, answer.status) == (name, status)
                assert answer.changes <= {"django_session", "accounts_signin"}, name

    def ask(self, route: Route, name: str, method: str, headers: dict[str, str] | None = None) -> Answer:
        url = route.url(self.ids(route, name)) + QUERIES.get(route.name, "")
        return ask(self.people[name].client, method, url, FORMS.get(route.name), headers)

    def ids(self, route: Route, name: str) -> dict[str, object]:
        return {**self.people[name].ids(), **_admin_ids(route)}


def _admin_ids(route: Route) -> dict[str, object]:
    """An object of the model that the administration's route is about."""
    ids: dict[str, object] = {
        "content_type_id": 1,
        "object_id": 1,
        "app_label": "accounts",
        "url": "no/such/",
        "uidb64": "MQ",
        "token": "no-such-token",
    }
    for model in admin.site._registry:
        if f"{model._meta.app_label}/{model._meta.model_name}/" in route.pattern:
            first = model._default_manager.order_by("pk").first()
            ids["object_id"] = ids["id"] = first.pk if first else 1
    return ids


def _find_foreign_rows(answer: Answer, reader: Person, where: str) -> Iterator[str]:
    """The rows that were read although they are of an account that the reader does not belong to."""
    if reader.is_ours:
        return
    for row in answer.rows:
        owner = type(row).objects.filter(pk=row.pk).values_list(row.TO_ACCOUNT, flat=True).first()
        if owner not in {None, *reader.account_ids}:
            yield f"{where} read {row!r} of another account"
