"""What another account has is to a stranger as if it did not exist: the same answer by the same queries."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.urls import reverse

from endpoints.models import S3Endpoint
from tests.security.routes import list_routes, read_table
from tests.security.walking import FORMS, Answer, ask
from tests.security.world import World

TABLE = read_table()
IDS = {"endpoint_id", "telemetry_id", "source_id", "run_id", "member_id", "draft_id"}
CHANGING = (  # what differs between two answers to the same request
    re.compile(rb'name="csrfmiddlewaretoken" value="\w+"'),
    re.compile(rb"&quot;X-CSRFToken&quot;: &quot;\w+&quot;"),
)
UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
MOMENT = re.compile(r"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^']*'")
NUMBERED = re.compile(r'"(?:s\d+_x|_django_curs_\d+_\w+?_)\d+"')  # savepoints and cursors


def same(one: Answer, other: Answer) -> bool:
    return (one.status, body(one), queries(one)) == (other.status, body(other), queries(other))


def body(answer: Answer) -> bytes:
    text = answer.body
    for pattern in CHANGING:
        text = pattern.sub(b"", text)
    return UUID.sub("(id)", text.decode()).encode()  # that which was asked for, where the page repeats it


def queries(answer: Answer) -> list[str]:
    """The SQL with its values, but for the id that was asked for."""
    return [
        NUMBERED.sub("(number)", MOMENT.sub("(moment)", UUID.sub("(id)", query))) for query in answer.queries
    ]


class TestStrangers(World):
    def ask(
        self, person: str, method: str, name: str, ids: dict[str, Any], data: dict | None = None
    ) -> Answer:
        route = next(route for route in list_routes() if route.name == name)
        return ask(self.people[person].client, method, route.url(ids), data or FORMS.get(name))

    def test_an_address_of_another_account_is_one_that_never_existed(self):
        for (name, method), expected in TABLE.items():
            ids = self.people["admin"].ids()
            route = next(route for route in list_routes() if route.name == name)
            if "stranger" in expected and route.parameters & IDS:
                unknown = {**ids, **{key: uuid.uuid4() for key in IDS}}
                theirs, nobodys = (self.ask("stranger", method, name, asked) for asked in (ids, unknown))
                assert theirs.status == 404
                assert same(theirs, nobodys), f"{method} {name}"

    def test_a_run_is_found_under_its_own_telemetry_alone(self):
        """Their run below my telemetry: not found, as one that never existed."""
        own = self.people["manager"].looks_at
        strangers = self.strangers_place()
        for name in ("ingestion:run", "ingestion:rejects_csv"):
            theirs, nobodys = (
                self.ask("manager", "GET", name, {"source_id": own.telemetry.public_id, "run_id": run})
                for run in (strangers["run_id"], uuid.uuid4())
            )
            assert theirs.status == 404
            assert same(theirs, nobodys)

    def test_a_colleagues_draft_is_one_that_never_existed(self):
        for name, method in (
            ("telemetry:draft", "GET"),
            ("telemetry:step", "GET"),
            ("telemetry:step", "POST"),
        ):
            colleagues, nobodys = (
                self.ask("admin", method, name, {"draft_id": draft, "step": "source"})
                for draft in (self.people["manager"].draft.public_id, uuid.uuid4())
            )
            assert colleagues.status == 404
            assert same(colleagues, nobodys)

    def test_an_id_written_in_another_way_is_no_address(self):
        right = str(self.people["viewer"].looks_at.telemetry.public_id)
        for odd in (
            right.upper(),
            right.replace("-", ""),
            f"{{{right}}}",
            f"urn:uuid:{right}",
            right[:-1],
            "1",
        ):
            answer = ask(self.people["viewer"].client, "GET", f"/settings/telemetry/{odd}/")
            assert (odd, answer.status) == (odd, 404)

    def test_the_wizard_takes_another_accounts_endpoint_as_little_as_none(self):
        ids = self.people["manager"].ids()
        theirs, nobodys = (
            self.ask(
                "manager",
                "POST",
                "telemetry:step",
                ids,
                {"endpoint": str(endpoint), "prefix": "requests/", "name": "x", "version": "1"},
            )
            for endpoint in (self.strangers_place()["endpoint_id"], uuid.uuid4())
        )
        assert "Choose an S3 endpoint." in theirs.body.decode()
        assert same(theirs, nobodys)
        assert self.standin.count("list") == 0  # nobody's bucket was looked at

    def test_the_table_is_not_narrowed_by_another_accounts_endpoint(self):
        theirs, nobodys = (
            ask(self.people["viewer"].client, "GET", f"{reverse('telemetry:list')}?endpoint={endpoint}")
            for endpoint in (self.strangers_place()["endpoint_id"], uuid.uuid4())
        )
        assert theirs.status == 200
        assert same(theirs, nobodys)

    def test_switching_to_another_account_is_switching_to_none(self):
        theirs, nobodys = (
            self.ask("viewer", "POST", "accounts:switch", {}, {"account": slug})
            for slug in ("zeta", "there-is-none")
        )
        assert theirs.status == 404
        assert same(theirs, nobodys)

    def test_what_was_left_in_the_session_of_an_account_one_has_left_opens_nothing(self):
        client = self.people["viewer"].client
        session = client.session
        session["account"] = "zeta"
        session.save()
        assert "Acme" in ask(client, "GET", reverse("telemetry:list")).body.decode()

    def test_an_external_id_of_another_account_in_the_form_leads_nowhere(self):
        """A second click leads to the endpoint just added; the same with another account's ID does not."""
        shown = S3Endpoint.objects.get(public_id=self.strangers_place()["endpoint_id"]).external_id
        unknown = "denominator-" + "0" * 40
        theirs, nobodys = (
            ask(
                self.people["admin"].client,
                "POST",
                reverse("endpoints:add"),
                {"action": "add", "shown_external_id": external_id},
            )
            for external_id in (shown, unknown)
        )
        assert theirs.status == nobodys.status == 200
        assert len(theirs.queries) == len(nobodys.queries)
        assert shown not in theirs.body.decode()

    def strangers_place(self) -> dict[str, Any]:
        """The ids of what the stranger's own account has."""
        [account] = self.people["stranger"].account_ids
        endpoint = S3Endpoint.objects.get(account=account)
        telemetry = endpoint.sources.get()
        return {
            "endpoint_id": endpoint.public_id,
            "telemetry_id": telemetry.public_id,
            "source_id": telemetry.public_id,
            "run_id": telemetry.runs.get().public_id,
        }
