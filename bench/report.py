"""Figures on the screen and in bench/results/, with the versions and the machine they come from."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.cost import Cost
from bench.world import psql

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("Django", "polars", "psycopg", "boto3", "celery")


def say(text: str) -> None:
    """Progress, for whoever watches."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def write(what: str, figures: dict[str, Any], *, uses_database: bool = True) -> Path:
    """Keep the figures of a measurement."""
    report = {
        "what": what,
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        **figures,
        "machine": describe_machine(),
        **({"postgresql": psql("SHOW server_version", server=True)} if uses_database else {}),
        "versions": {name: version(name) for name in LIBRARIES},
    }
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{what}-{datetime.now(UTC):%Y-%m-%d-%H%M}.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    say(f"{what}: written to bench/results/{target.name}")
    return target


def find_newest(what: str) -> dict[str, Any] | None:
    """The figures that were kept last, None where there are none."""
    found = sorted(RESULTS.glob(f"{what}-2*.json"))
    if not found:
        return None
    day = found[-1].stem.removeprefix(f"{what}-")[:10]
    return {"date": day, **json.loads(found[-1].read_text(encoding="utf-8"))}


def describe_machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "cores": os.cpu_count(),
        "memory_mb": memory,
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),  # at the end: above the number of cores, others were at work
    }


def compare(runs: Sequence[dict[str, Cost]], rows: dict[str, int], *, base: str) -> dict[str, Any]:
    """Medians of each way, and of its rate as a share of the rate of `base` in the same run.

    `rows`: what each way brought in. A way may be missing from some of the runs.
    """
    ways = list(dict.fromkeys(way for run in runs for way in run))
    shares = {
        way: [
            rows[way] / run[way].seconds / (rows[base] / run[base].seconds)
            for run in runs
            if way in run and base in run
        ]
        for way in ways
        if way in rows
    }
    return {
        "rows": rows,
        "runs": len(runs),
        "seconds": {way: _median(run[way].seconds for run in runs if way in run) for way in ways},
        "cpu_seconds": {way: _median(run[way].cpu for run in runs if way in run) for way in ways},
        "server_cpu_seconds": {
            way: _median(run[way].server_cpu for run in runs if way in run) for way in ways
        },
        "peak_mb": {way: _median(run[way].peak_mb for run in runs if way in run) for way in ways},
        f"share_of_{base}": {way: _median(share) for way, share in shares.items() if share},
        "each": [{way: cost.to_json() for way, cost in run.items()} for run in runs],
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile of durations in seconds, as milliseconds."""
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {
        "median_ms": round(statistics.median(ordered) * 1000, 2),
        "p95_ms": round(last * 1000, 2),
        "times": len(ordered),
    }


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 3)


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
