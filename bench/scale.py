"""A year of 10,000 telemetries, and one telemetry of very many points: what the scheduler, the pages and the
disk make of them.

The small tables hold copies of what a sync has written; the large telemetry's blocks are those of days that
were synced, spread over many more dates.
"""

from __future__ import annotations

import json
import time

from bench.clones import clone, clone_telemetries, original
from bench.pages import measure_page, serve
from bench.report import say
from bench.sync import sync
from bench.workers import empty_redis
from bench.world import FIRST_DAY, METRIC, World, psql

SERIES, REAL_DAYS, YEAR = 20_000, 10, 365
SMALL, LARGE = "one", "many"  # the accounts: of many telemetries, of many points
TABLES = {
    "point": ("telemetry_pointblock", "sum(cardinality(series_ids))"),
    "series": ("telemetry_series", "count(*)"),
    "daily total": ("telemetry_dailytotal", "count(*)"),
    "day of a file": ("ingestion_fileday", "count(*)"),
    "source file": ("ingestion_sourcefile", "count(*)"),
    "run": ("ingestion_run", "count(*)"),
    "file of a run": ("ingestion_runfile", "count(*)"),
    "rejected row": ("ingestion_rejectedrow", "count(*)"),
}


def run(world: World, *, telemetries: int, points: int) -> dict:
    world.make_files(series=SERIES, days=REAL_DAYS, kind="many")
    world.fresh()
    found = {"telemetries": telemetries, "large": measure_large(world, points)}
    say("writing rejected rows, for their size")
    _sync_rejects(world)
    _build_year(telemetries)
    found["bytes_each"] = _measure_sizes()
    say(f"bytes each: {found['bytes_each']}")
    found["schedule"] = _measure_schedule(world)
    found["pages"] = _measure_pages(world)
    return found


def measure_large(world: World, points: int) -> dict:
    """One telemetry of so many points."""
    sync(world, LARGE, rows=SERIES * REAL_DAYS)
    copies = max(1, points // (SERIES * REAL_DAYS)) - 1
    say(f"laying {SERIES * REAL_DAYS * (copies + 1):,} points")
    started = time.perf_counter()
    _copy_points(copies)
    psql("VACUUM ANALYZE")
    say(f"generated in {time.perf_counter() - started:.0f} s")
    found = {"points": SERIES * REAL_DAYS * (copies + 1)}
    for call in ("month-by-one", "month-by-two", "export"):
        cost, output = world.measure_python("bench.inside", call, LARGE)
        found[call] = {**json.loads(output), "peak_mb": round(cost.peak_mb)}
        say(f"{call}: {found[call]}")
    _restate_a_day(world)
    cost = world.start("sync_telemetry", "--account", LARGE, METRIC).finish()
    found["restate a day"] = {**cost.to_json(), "rows": SERIES}
    say(f"restate a day: {found['restate a day']}")
    return found


def _copy_points(copies: int) -> None:
    """The synced days again, over earlier and earlier dates, each copy with files of its own."""
    if not copies:
        return
    psql(
        "CREATE TABLE copied AS SELECT id AS old, n,"
        " nextval(pg_get_serial_sequence('ingestion_sourcefile', 'id')) AS new"
        f" FROM ingestion_sourcefile CROSS JOIN generate_series(1, {copies}) AS n"
    )
    numbers = "copied"
    earlier = f"(o.date - n * {REAL_DAYS})"
    clone(
        "ingestion_sourcefile",
        where="o.id = old",
        numbers=numbers,
        changes={"id": "new", "key": "o.key || '-' || n"},
    )
    clone(
        "telemetry_pointblock",
        where="o.source_file_id = old",
        numbers=numbers,
        changes={"source_file_id": "new", "date": earlier},
    )
    clone(
        "ingestion_fileday",
        where="o.source_file_id = old",
        numbers=numbers,
        changes={"source_file_id": "new", "date": earlier},
    )
    clone(
        "telemetry_dailytotal",
        where=f"o.telemetry_id = {original(LARGE)}",
        numbers=f"generate_series(1, {copies}) AS n",
        changes={"date": earlier},
    )
    psql("DROP TABLE copied")


def _restate_a_day(world: World) -> None:
    """The first day's file, as an export restates it: the same rows, other values."""
    file = world.bucket / "many" / f"{FIRST_DAY}.csv"
    header, *lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text(header + "".join(line.replace("\n", "1\n") for line in lines), encoding="utf-8")


def _sync_rejects(world: World) -> None:
    folder = world.bucket / SMALL
    folder.mkdir(exist_ok=True)
    rows = "".join(f"2024-01-01,team-{n},env-1,feature-1,-1\n" for n in range(5_000))
    good = "2024-01-01,team-1,env-1,feature-1,1\n"
    text = f"date,team,environment,feature,{METRIC}\n{good}{rows}"
    (folder / "rejects.csv").write_text(text, encoding="utf-8")
    world.start("sync_telemetry", "--account", SMALL, METRIC).finish()


def _build_year(telemetries: int) -> None:
    """A run and a file a day for each telemetry."""
    started = time.perf_counter()
    say(f"laying {telemetries:,} telemetries with {YEAR} runs and files each")
    clone_telemetries(account=SMALL, count=telemetries - 1)
    psql(f"""UPDATE ingestion_source SET created_at = now() - interval '{YEAR + 1} days'""")
    psql(
        """
        CREATE TABLE copied AS
        SELECT s.id AS source, k, nextval(pg_get_serial_sequence('ingestion_run', 'id')) AS run,
               nextval(pg_get_serial_sequence('ingestion_sourcefile', 'id')) AS file
        FROM ingestion_source s JOIN accounts_account a ON a.id = s.account_id"""
        f" CROSS JOIN generate_series(1, {YEAR}) AS k WHERE a.slug = '{SMALL}' AND s.id <> {original(SMALL)}"
    )
    ago = "k * interval '1 day'"
    clone(
        "ingestion_run",
        where=f"o.source_id = {original(SMALL)}",
        numbers="copied",
        changes={
            "id": "run",
            "public_id": "gen_random_uuid()",
            "source_id": "source",
            "trigger": "'scheduled'",
            "scheduled_day": "(now() at time zone 'utc')::date - k::int",
            "created_at": f"o.created_at - {ago}",
        },
    )
    clone(
        "ingestion_sourcefile",
        where=f"o.source_id = {original(SMALL)}",
        numbers="copied",
        changes={
            "id": "file",
            "source_id": "source",
            "key": "'exports/' || k || '.csv'",
            "last_modified": f"o.last_modified - {ago}",
        },
    )
    clone(
        "ingestion_fileday",
        where=f"o.source_id = {original(SMALL)}",
        numbers="copied",
        changes={"source_file_id": "file", "source_id": "source", "date": "o.date - k::int"},
    )
    clone(
        "ingestion_runfile",
        where=f"o.run_id = (SELECT min(id) FROM ingestion_run WHERE source_id = {original(SMALL)})",
        numbers="copied",
        changes={"run_id": "run", "source_file_id": "file", "key": "'exports/' || k || '.csv'"},
    )
    psql("DROP TABLE copied")
    psql("VACUUM ANALYZE")
    say(f"generated in {time.perf_counter() - started:.0f} s")


def _measure_sizes() -> dict[str, float]:
    """Bytes on disk with indexes and TOAST, for each."""
    return {
        name: round(
            float(psql(f"SELECT pg_total_relation_size('{table}') / ({count})::numeric FROM {table}")), 1
        )
        for name, (table, count) in TABLES.items()
    }


def _measure_schedule(world: World) -> dict:
    with empty_redis(world):
        found = world.inside("schedule")
    say(f"schedule: {found}")
    return found


def _measure_pages(world: World) -> dict:
    world.manage("add_user", "bench@example.com", "--account", SMALL, "--role", "admin")
    cookie = {"Cookie": world.inside("sign-in", "bench@example.com")["cookie"]}
    detail = psql(
        "SELECT public_id FROM ingestion_source WHERE account_id ="
        f" (SELECT id FROM accounts_account WHERE slug = '{SMALL}') ORDER BY id DESC LIMIT 1"
    )
    pages = {
        "table": "/settings/telemetry/",
        "table, searched": "/settings/telemetry/?search=metric_77&status=all",
        "detail": f"/settings/telemetry/{detail}/",
        "runs of a year": f"/settings/telemetry/{detail}/runs/",
    }
    found = {}
    with serve(world) as (server, port):
        for name, path in pages.items():
            found[name] = measure_page(server, port, path, cookie)
            say(f"{name}: {found[name]}")
    return found
