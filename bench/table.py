"""The newest figures beside the aims, as the table of docs/performance.md: `python -m bench table`."""

from __future__ import annotations

from typing import Any

from bench.aims import AIMS
from bench.report import find_newest

WAYS = {
    "copy": "psql `\\copy` (A)",
    "startup": "start-up alone",
    "many": "one process, a file a day",
    "many_two": "two processes",
    "one": "one process, one file",
    "reimport": "everything again (`--reimport`)",
    "one_worker": "one Celery worker",
    "two_workers": "two Celery workers",
    "large": "one file of 2 GB",
    "ours": "`sync_telemetry`",
    "naive": "Django: DictReader, bulk_create",
    "dlt": "dlt, as documented: read_csv, merge",
    "dlt_arrow_merge": "dlt, pyarrow, merge",
    "dlt_fastest": "dlt, pyarrow, append",
    "singer": "tap-s3-csv, target-postgres (Meltano)",
    "pyairbyte": "PyAirbyte, source-s3",
}


def make_table() -> str:
    """Markdown; what has not been measured yet says so."""
    parts = [_make_aims_table()]
    parts += [_make_ways_table(what) for what in ("sync", "workers", "large", "peers") if find_newest(what)]
    return "\n\n".join(parts)


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
        lines.append(
            f"| {aim.what} | {aim.show.format(figure)} | {aim.aim} | {reached} | {results['date'][:10]} |"
        )
    return "\n".join(lines)


def _make_ways_table(what: str) -> str:
    """Every way of a measurement: rate, share, CPU, memory."""
    results = find_newest(what)
    shares = next((figures for name, figures in results.items() if name.startswith("share_of_")), {})
    lines = [
        f"{what}, medians of {results['runs']}:\n",
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


def _cell(results: dict[str, Any], name: str, way: str) -> str:
    figure = results.get(name, {}).get(way)
    if not figure:
        return ""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}"
