"""The newest figures as tables: on the screen (`bench table`), in docs/performance.md (`bench document`)."""

from __future__ import annotations

import re
from typing import Any

from bench.aims import AIMS
from bench.cost import ROOT
from bench.report import find_newest

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: python -m bench document -->", "<!-- end of figures -->"
WAYS = {
    "copy": "psql `\\copy` (A)",
    "startup": "start-up alone",
    "many": "one process, a file a day",
    "many_two": "two processes",
    "one": "one process, one file",
    "reimport": "everything again (`--reimport`)",
    "one_worker": "one Celery worker",
    "two_workers": "two Celery workers",
    "one_held": "one Celery worker, held to 0.4 of a core",
    "two_held": "two Celery workers, each held to 0.4 of a core",
    "large": "one file of 2 GB",
    "ours": "`sync_telemetry`",
    "naive": "Django: DictReader, bulk_create",
    "dlt": "dlt, as documented: read_csv, merge",
    "dlt_arrow_merge": "dlt, pyarrow, merge",
    "dlt_fastest": "dlt, pyarrow, append",
    "singer": "Meltano's tap-s3-csv, target-postgres",
    "pyairbyte": "PyAirbyte, source-s3",
}
MEASURED = {
    "sync": "2 million rows, 20,000 series on 100 days",
    "workers": "The same by Celery workers that run already; CPU is of their whole lives",
    "large": "One file of 2 GB beside one of 2 million rows, whose rate is 1",
    "peers": "The same files by other means (tap-s3-csv and PyAirbyte: a tenth of the rows, once)",
}
PLACES_SHOWN = 8


def make_table() -> str:
    """Markdown; what has not been measured yet says so."""
    parts = [_make_aims_table()]
    parts += [_make_ways_table(what) for what in MEASURED if find_newest(what)]
    parts += [_make_pages_table()] if find_newest("pages") else []
    parts += [_make_where_table()] if find_newest("where") else []
    return "\n\n".join(parts)


def write_document() -> None:
    """Put the newest tables into docs/performance.md, between its two marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{make_table()}\n\n{END}{after}", encoding="utf-8")


def _make_aims_table() -> str:
    lines = ["| what | figure | aim | reached | measured |", "| --- | --- | --- | --- | --- |"]
    for aim in AIMS:
        results = find_newest(aim.measurement)
        try:
            figure = aim.read(results or {})
        except KeyError:
            lines.append(f"| {aim.what} | not measured | {aim.aim} | | |")
            continue
        reached = "yes" if aim.reached(figure) else "**no**"
        lines.append(f"| {aim.what} | {aim.show.format(figure)} | {aim.aim} | {reached} | {_when(results)} |")
    return "\n".join(lines)


def _make_ways_table(what: str) -> str:
    """Every way of a measurement: rate, share, CPU, memory."""
    results = find_newest(what)
    shares = next((figures for name, figures in results.items() if name.startswith("share_of_")), {})
    lines = [
        f"{MEASURED[what]}; medians of {results['runs']} on {_when(results)}:\n",
        "| way | rows/s | share | seconds | CPU s | PostgreSQL's CPU s | peak MB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for way, seconds in results["seconds"].items():
        rows = results["rows"].get(way) if isinstance(results["rows"], dict) else results["rows"]
        cells = [
            WAYS.get(way, way),
            f"{rows / seconds:,.0f}" if rows else "",
            f"{shares[way]:.3g}" if way in shares else "",
            f"{seconds:.2f}",
            *(_cell(results, name, way) for name in ("cpu_seconds", "server_cpu_seconds", "peak_mb")),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _make_pages_table() -> str:
    results = find_newest("pages")
    much = f"{results['telemetries']:,} telemetries, {results['points']:,} points"
    lines = [
        f"Pages; {much}; each asked for 50 times, on {_when(results)}:\n",
        "| page | median | 95th percentile | CPU of the web process |",
        "| --- | --- | --- | --- |",
    ]
    for name, figures in results["pages"].items():
        times = [f"{figures[column]:.0f} ms" for column in ("median_ms", "p95_ms", "web_cpu_ms")]
        lines.append(f"| {name} | {' | '.join(times)} |")
    return "\n".join(lines)


def _make_where_table() -> str:
    """The main thread writes and waits; the other one fetches and reads ahead of it."""
    results = find_newest("where")
    lines = [
        f"Where the two threads of a sync are, as a share of its time, on {_when(results)}:\n",
        "| files | thread | where | share |",
        "| --- | --- | --- | --- |",
    ]
    for account, files in (("many", "a file a day"), ("one", "one file")):
        for thread, places in results[account]["threads"].items():
            for place, share in list(places.items())[:PLACES_SHOWN]:
                where = re.sub(r"(waiting in )?(\S+) (\S+)", r"\1`\2` \3", place)
                lines.append(f"| {files} | {thread} | {where} | {share:.0%} |")
    return "\n".join(lines)


def _when(results: dict[str, Any]) -> str:
    """The day, and how busy the machine was: with a load above its cores, others were at work too."""
    machine = results["machine"]
    load = f", load {machine['load']:.0f} on {machine['cores']} cores" if "load" in machine else ""
    return results["date"][:10] + load


def _cell(results: dict[str, Any], name: str, way: str) -> str:
    figure = results.get(name, {}).get(way)
    if not figure:
        return ""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}"
