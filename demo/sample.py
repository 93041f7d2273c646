"""The files in the demo's bucket: real data from demo/samples, and generated API requests that grow daily.

`api_requests/` holds one file a day for the last 90 whole days (UTC). A day's file depends on its date
alone, so that a file written today equals the one that was written for that date before.
"""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

BUCKET = "acme-metrics"
PATH_PREFIX = "telemetry"
DAYS = 90
SAMPLES = Path(__file__).resolve().parent / "samples"

HEADER = ("date", "team", "environment", "region", "api_requests")
# Requests on an ordinary working day, of all environments and regions.
TEAMS = {
    "billing": 1_900_000,
    "catalog": 5_200_000,
    "checkout": 3_100_000,
    "identity": 8_400_000,
    "mobile": 6_700_000,
    "notifications": 2_300_000,
    "reporting": 450_000,
    "search": 12_500_000,
}
ENVIRONMENTS = {"production": 0.93, "staging": 0.05, "development": 0.02}
REGIONS = {"us-east-1": 0.55, "eu-west-1": 0.30, "ap-southeast-2": 0.15}
WEEKDAYS = (1.0, 1.04, 1.05, 1.03, 0.97, 0.58, 0.52)  # Monday to Sunday
GROWTH_A_DAY = 1.0012
GROWTH_FROM = date(2026, 1, 1)


def write_sample(*, bucket: Path, today: date) -> int:
    """Bring the bucket's folder up to date; returns how many files were written. Existing ones stay."""
    root = bucket / PATH_PREFIX
    return _write_real_files(root=root) + _write_api_requests(folder=root / "api_requests", today=today)


def _write_real_files(*, root: Path) -> int:
    written = 0
    for source in sorted(SAMPLES.glob("*/*.csv")):
        target = root / source.relative_to(SAMPLES)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            _date_file(target, day=_last_day(target))
            written += 1
    return written


def _write_api_requests(*, folder: Path, today: date) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for day in (today - timedelta(days=back) for back in range(DAYS, 0, -1)):
        target = folder / f"{day.isoformat()}.csv"
        if not target.exists():
            part = folder / f".{target.name}.part"  # a sync that lists now must not find half a file
            with part.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([HEADER, *list_api_requests(day=day)])
            _date_file(part, day=day)
            part.replace(target)
            written += 1
    return written


def list_api_requests(*, day: date) -> list[tuple[str, str, str, str, int]]:
    """The rows of a day: one a team, environment and region."""
    rhythm = WEEKDAYS[day.weekday()] * GROWTH_A_DAY ** (day - GROWTH_FROM).days
    return [
        (
            day.isoformat(),
            team,
            environment,
            region,
            round(usual * part * share * rhythm * _vary(day, team, environment, region)),
        )
        for team, usual in TEAMS.items()
        for environment, part in ENVIRONMENTS.items()
        for region, share in REGIONS.items()
    ]


def _vary(day: date, *names: str) -> float:
    """Between 0.9 and 1.1, the same for the same day and names on every machine."""
    digest = hashlib.sha256("/".join((day.isoformat(), *names)).encode()).digest()
    return 0.9 + int.from_bytes(digest[:4]) / 2**32 / 5


def _last_day(path: Path) -> date:
    """The date of the file's last row, whose first cell is yyyy-MM-dd or MM/d/yyyy."""
    cell = path.read_text(encoding="utf-8").splitlines()[-1].split(",")[0]
    if "-" in cell:
        return date.fromisoformat(cell)
    month, day, year = cell.split("/")
    return date(int(year), int(month), int(day))


def _date_file(path: Path, *, day: date) -> None:
    """Modified when its day ended, as a nightly export would be."""
    moment = datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
