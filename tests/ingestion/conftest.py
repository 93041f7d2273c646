"""A telemetry over the stand-in's bucket, and what the tests do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.services import add_member
from core.decimals import plain
from demo.standin import StandIn
from endpoints.models import S3Endpoint
from ingestion.models import Run
from ingestion.services import create_run
from ingestion.work import execute_run
from telemetry.mapping_changes import Change, as_options
from telemetry.models import Telemetry
from telemetry.selectors import list_points
from telemetry.services import create_telemetry
from tests.markup import squeeze
from tests.standin import BUCKET

START = datetime(2024, 5, 1, 2, 0, tzinfo=UTC)


@dataclass
class Bench:
    """A telemetry, its bucket, and a clock that goes on by a minute with each sync."""

    telemetry: Telemetry
    standin: StandIn
    now: datetime = START
    runs: list[Run] = field(default_factory=list)

    def put(self, name: str, text: str | bytes, *, minutes: float = 0) -> None:
        """Put a file under the prefix, modified `minutes` after START."""
        modified = START + timedelta(minutes=minutes)
        self.standin.put_object(BUCKET, f"usage/{name}", text, modified=modified)

    def keep(self, name: str, **traits: Any) -> None:
        """Keep a file in another way: archived, restored, of another owner. Its version stays."""
        self.standin.change_object(BUCKET, f"usage/{name}", **traits)

    def delete(self, name: str) -> None:
        self.standin.delete_object(BUCKET, f"usage/{name}")

    def sync(self, *, change: dict[str, Any] | None = None, **options: Any) -> Run:
        """`change`: fields of telemetry.mapping_changes.Change."""
        self.now += timedelta(minutes=1)
        if change is not None:
            options |= as_options(Change(self.telemetry, **change))
        run, created = create_run(source=self.telemetry, trigger=Run.Trigger.COMMAND, now=self.now, **options)
        assert created
        assert execute_run(run_id=run.pk, clock=lambda: self.now)
        run.refresh_from_db()
        self.runs.append(run)
        return run

    def points(self) -> list[tuple[str, ...]]:
        """What counts: (date, dimension values…, value)."""
        return [
            (point.date.isoformat(), *point.dimensions, plain(point.value))
            for point in list_points(telemetry=self.telemetry)
        ]


@pytest.fixture
def make_bench(standin: StandIn, s3_endpoint: S3Endpoint) -> Callable[..., Bench]:
    def make(**fields: Any) -> Bench:
        values = {
            "name": "API requests",
            "prefix": "usage/",
            "date_column": "date",
            "date_format": "yyyy-MM-dd",
            "dimensions": ["team"],
            "metric_column": "requests",
            **fields,
        }
        telemetry = create_telemetry(account=s3_endpoint.account, endpoint=s3_endpoint, **values)
        return Bench(telemetry, standin)

    return make


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


@pytest.fixture
def two(bench: Bench) -> Bench:
    """With two files of which nothing is read yet."""
    bench.put("a.csv", "date,team,requests\n2024-05-01,core,5\n")
    bench.put("b.csv", "date,team,requests\n2024-05-02,core,6\n", minutes=1)
    return bench


@pytest.fixture
def post(bench, client):
    """Send a form as a manager; the answer's page."""
    member = add_member(account=bench.telemetry.account, email="m@b.example", role="manager", password=None)[
        0
    ]
    client.force_login(member.user)

    def send(rest: str, **fields: str | list[str]):
        address = f"/settings/telemetry/{bench.telemetry.public_id}/{rest}"
        return squeeze(client.post(address, fields, follow=True))

    send.get = lambda rest: squeeze(client.get(f"/settings/telemetry/{bench.telemetry.public_id}/{rest}"))
    return send
