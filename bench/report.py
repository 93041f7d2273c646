"""Where a measurement's figures go: bench/results/, with versions and machine."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def write_report(name: str, figures: dict, *, libraries: tuple[str, ...] = ("polars",)) -> None:
    """Print the report and keep it as `NAME-DATE-TIME.json`."""
    report = {
        **figures,
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "versions": {library: version(library) for library in libraries},
    }
    text = json.dumps(report, indent=2) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}-{datetime.now(UTC):%Y-%m-%d-%H%M}.json").write_text(text, encoding="utf-8")
    print(text, end="")
