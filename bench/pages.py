"""The pages of a large account: a table of 1,000 telemetries, and one telemetry of 10 million points.

The points are brought in by a sync of 20,000 series a day; the telemetries are copies of it, with runs.
gunicorn serves, on loopback, a signed-in person; 50 requests a page, one after the other.
"""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from bench.clones import clone, clone_telemetries, original
from bench.cost import Running, measure
from bench.postgres import read_cpu
from bench.report import say, spread
from bench.sync import sync
from bench.world import FIRST_DAY, World, free_port, psql, wait_for

SERIES, TIMES, ACCOUNT = 20_000, 50, "many"
RUNS_EACH = 3


def run(world: World, *, telemetries: int, points: int) -> dict:
    days = max(1, points // SERIES)
    build(world, telemetries=telemetries, days=days)
    world.manage("add_user", "bench@example.com", "--account", ACCOUNT, "--role", "admin")
    cookie = world.inside("sign-in", "bench@example.com")["cookie"]
    last = FIRST_DAY + timedelta(days - 1)
    found = {}
    with serve(world) as (server, port):
        for name, path, headers in _pages(last):
            found[name] = measure_page(server, port, path, {"Cookie": cookie, **headers})
            say(f"{name}: {found[name]}")
        peak = server.end().peak_mb
    return {"telemetries": telemetries, "points": days * SERIES, "pages": found, "web_peak_mb": round(peak)}


def build(world: World, *, telemetries: int, days: int) -> None:
    world.make_files(series=SERIES, days=days, kind="many")
    world.fresh()
    say(f"syncing {days * SERIES:,} points")
    sync(world, ACCOUNT, rows=days * SERIES)
    clone_telemetries(account=ACCOUNT, count=telemetries - 1)
    clone(
        "ingestion_run",
        where=f"o.source_id = {original(ACCOUNT)}",
        numbers="(SELECT s.id AS source, k FROM ingestion_source s CROSS JOIN "
        f"generate_series(1, {RUNS_EACH}) AS k WHERE s.id <> {original(ACCOUNT)}) AS made",
        changes={
            "public_id": "gen_random_uuid()",
            "source_id": "source",
            "created_at": "o.created_at - k * interval '1 day'",
        },
    )
    psql("VACUUM ANALYZE")  # as autovacuum has done long before there is so much


def _pages(last: date) -> list[tuple[str, str, dict[str, str]]]:
    table, detail = "/settings/telemetry/", f"/settings/telemetry/{_public_id()}/"
    month = f"from={last - timedelta(30)}&to={last}"
    year = f"from={last - timedelta(364)}&to={last}"
    return [
        ("table", table, {}),
        ("table, page 10", f"{table}?page=10", {}),
        ("table, searched", f"{table}?search=metric_77&status=all", {"HX-Request": "true"}),
        ("table, by last sync", f"{table}?sort=-last_sync", {"HX-Request": "true"}),
        ("detail", detail, {}),
        ("detail, month by team", f"{detail}?{month}&by=team", {}),
        ("detail, year by team", f"{detail}?{year}&by=team", {}),
        ("day", f"{detail}days/{last}/", {}),
        ("files", f"{detail}files/", {}),
        ("runs", f"{detail}runs/", {}),
    ]


@contextmanager
def serve(world: World) -> Iterator[tuple[Running, int]]:
    """gunicorn on a free port of loopback, its static files collected."""
    environment, port = world.environment, free_port()
    measure([sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"], environment=environment)
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    with Running([*command, "--threads", "4", "config.wsgi"], environment=environment) as server:
        wait_for(f"http://127.0.0.1:{port}", server)
        yield server, port


def measure_page(server: Running, port: int, path: str, headers: dict[str, str]) -> dict:
    """Times of the whole request, one after the other; CPU of the web processes alone for each."""
    times, size = [], 0
    before = read_cpu(server.pid)
    for number in range(TIMES + 4):  # the first of each worker compile templates and open connections
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        started = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        size = len(answer.read())
        if number >= 4:
            times.append(time.perf_counter() - started)
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.getheader('Location', '')}")
    cpu = (read_cpu(server.pid) - before) / (TIMES + 4)
    return {**spread(times), "web_cpu_ms": round(cpu * 1000, 1), "bytes": size}


def _public_id() -> str:
    return psql(f"SELECT public_id FROM ingestion_source WHERE id = {original(ACCOUNT)}")
