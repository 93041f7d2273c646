"""An account with something of everything: what the walks over all pages look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.models import Account, User
from accounts.services import add_member
from demo.standin import StandIn
from endpoints.models import S3Endpoint
from endpoints.services import run_endpoint_test
from ingestion.models import Run, SourceFile
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from tests.pages.rows import make_run, make_run_file, make_telemetry, reject_rows, store_file
from tests.standin import BUCKET, make_endpoint, trust

EMAIL, PASSWORD = "ada@acme.example", "correct horse battery"
ODD_REASON = "the metric is not a decimal number"


@dataclass(frozen=True, slots=True)
class World:
    account: Account
    person: User
    endpoint: S3Endpoint
    telemetry: Telemetry
    run: Run
    draft: TelemetryDraft
    day: date


def put_files(standin: StandIn, *, today: date, ragged: bool = False) -> None:
    """Five daily files under usage/: date, team, plan, requests; `ragged`: the newest has a row too wide."""
    for back in range(1, 6):
        day = today - timedelta(days=back)
        rows = [f"{day},{team},free,{number * back}" for number, team in enumerate(("search", "mail"), 1)]
        if ragged and back == 1:
            rows.append(f"{day},ads,free,3,what is this")
        text = "\n".join(["date,team,plan,requests", *rows, ""])
        standin.put_object(BUCKET, f"usage/{day}.csv", text)


def make_person(account: Account, *, role: str = "admin", email: str = EMAIL) -> User:
    return add_member(account=account, email=email, role=role, name="Ada", password=PASSWORD)[0].user


def make_draft(account: Account, person: User, endpoint: S3Endpoint, *, steps: int = 5) -> TelemetryDraft:
    """A draft whose first `steps` steps are answered."""
    answers = {
        "source": {"endpoint": str(endpoint.public_id), "prefix": "usage/", "name": "Requests by team"},
        "preview": {"confirmed": True},
        "date": {"date_column": "date", "date_format": "yyyy-MM-dd"},
        "dimensions": {"dimensions": ["team"]},
        "metric": {"metric_column": "requests"},
    }
    kept = dict(list(answers.items())[:steps])
    now = timezone.now()
    return TelemetryDraft.objects.create(
        account=account, user=person, answers=kept, created_at=now, updated_at=now
    )


def make_world(account: Account, standin: StandIn) -> World:
    now = timezone.now()
    person = make_person(account)
    make_person(account, role="viewer", email="somebody.with.a.long.address@acme.example")
    endpoint = make_endpoint(account)
    endpoint.save()
    trust(standin, endpoint)
    put_files(standin, today=now.date())
    run_endpoint_test(endpoint=endpoint, now=now)
    unreachable = make_endpoint(account, name="Not yet set up", role_arn="arn:aws:iam::210987654321:role/No")
    unreachable.save()
    run_endpoint_test(endpoint=unreachable, now=now)
    telemetry = make_telemetry(account, "bytes", endpoint=endpoint, description="All that leaves the edge.")
    make_telemetry(account, "sessions", endpoint=endpoint, dimensions=[])  # never synced
    Telemetry.objects.filter(identifier="sessions").update(status="inactive")
    store_days(telemetry, now=now)
    runs = list(make_runs(telemetry, now=now))
    draft = make_draft(account, person, endpoint)
    return World(account, person, endpoint, telemetry, runs[0], draft, now.date() - timedelta(days=2))


def store_days(telemetry: Telemetry, *, now: datetime) -> None:
    """Fifty days with a gap, one long before, a file with rejected rows, one that failed, thirteen teams."""
    today = now.date()
    days = [today - timedelta(days=back) for back in range(1, 51) if back not in (6, 7)]
    days.append(today - timedelta(days=150))
    teams = [("", "prod"), *((f"team {number:02}", "prod") for number in range(12))]
    values = {day: {team: f"{number * 1234567}.5" for number, team in enumerate(teams, 1)} for day in days}
    store_file(telemetry, "bytes/all.csv", values, modified=now - timedelta(days=1))
    odd = {days[3]: {teams[1]: "7"}}
    file = store_file(telemetry, "bytes/odd.csv", odd, modified=now - timedelta(hours=1))
    SourceFile.objects.filter(pk=file.pk).update(rows_read=3, rows_rejected=2)
    telemetry.source_files.create(
        key="bytes/broken.csv",
        etag="etag-broken",
        size=17,
        last_modified=now,
        state="failed",
        message="The header is empty. Upload the file again with its header.",
    )


def make_runs(telemetry: Telemetry, *, now: datetime) -> Iterator[Run]:
    """A run of every state that has ended, the richest one first."""
    rich = make_run(
        telemetry,
        "incomplete",
        created_at=now,
        message="1 file could not be read.",
        files_planned=2,
        files_read=1,
        files_failed=1,
        rows_read=1003,
        rows_rejected=2,
        warnings=[{"kind": "rows_repeated", "text": "12 rows are equal in everything but the metric."}],
    )
    file = make_run_file(rich, "bytes/odd.csv", source_file=telemetry.source_files.get(key="bytes/odd.csv"))
    cells = {"date": str(now.date()), "team": " a", "env": "prod", "bytes": "1,2"}
    reject_rows(file, 2, reason=ODD_REASON, cells=cells)
    make_run_file(rich, "bytes/broken.csv", "failed", message="The header is empty.")
    yield rich
    for number, state in enumerate(("succeeded", "succeeded_with_rejects", "failed"), 1):
        yield make_run(telemetry, state, created_at=now - timedelta(days=number), message="")
