"""The sample files of the demo."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from demo.sample import DAYS, SAMPLES, list_api_requests, write_sample

TODAY = date(2026, 11, 23)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    write_sample(bucket=tmp_path, today=TODAY)
    return tmp_path


def list_days(bucket: Path) -> list[str]:
    return sorted(path.stem for path in (bucket / "telemetry" / "api_requests").iterdir())


def test_the_sample_holds_the_last_ninety_whole_days(bucket: Path) -> None:
    days = list_days(bucket)
    assert len(days) == DAYS == 90
    assert (days[0], days[-1]) == ("2026-08-25", "2026-11-22")


def test_the_sample_grows_by_one_file_a_day_and_leaves_the_others_as_they_are(bucket: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in bucket.rglob("*.csv")}
    assert write_sample(bucket=bucket, today=TODAY) == 0
    assert write_sample(bucket=bucket, today=TODAY + timedelta(days=1)) == 1
    assert list_days(bucket)[-1] == "2026-11-23"
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_days_rows_depend_on_its_date_alone() -> None:
    rows = list_api_requests(day=TODAY)
    assert rows == list_api_requests(day=TODAY)
    assert [row[4] for row in rows] != [row[4] for row in list_api_requests(day=TODAY - timedelta(days=7))]
    assert len({row[:4] for row in rows}) == len(rows) == 72
    assert all(row[4] > 0 for row in rows)


def test_weekends_are_quieter_than_working_days() -> None:
    monday = date(2026, 11, 16)
    totals = [sum(row[4] for row in list_api_requests(day=monday + timedelta(days=n))) for n in range(7)]
    assert max(totals[5:]) < min(totals[:5])


def test_files_are_as_old_as_the_days_they_hold(bucket: Path) -> None:
    folder = bucket / "telemetry" / "api_requests"
    by_age = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    assert [path.stem for path in by_age] == list_days(bucket)


@pytest.mark.parametrize(
    ("folder", "metric", "files", "rows", "total"),
    [
        ("company_mentions", "mentions", 57, 570, 3_224_439),
        ("taxi_passengers", "passengers", 1, 215, 156_219_716),
    ],
)
def test_the_real_data_is_whole(
    bucket: Path, folder: str, metric: str, files: int, rows: int, total: int
) -> None:
    paths = list((bucket / "telemetry" / folder).iterdir())
    values = [Decimal(row[metric]) for path in paths for row in csv.DictReader(path.open(encoding="utf-8"))]
    assert (len(paths), len(values), sum(values)) == (files, rows, total)
    assert f"{total:,}" in (SAMPLES / "README.md").read_text(encoding="utf-8")
