"""A telemetry, its bucket, and a model that knows only the rules: what a fresh import would give."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact
from itertools import count
from typing import Any

from django.db import transaction

from demo.standin import StandIn
from endpoints.models import S3Endpoint
from ingestion.models import FileDay, Run, RunFile, SourceFile
from ingestion.services import create_run
from ingestion.work import execute_run
from telemetry.daily_totals import refresh_daily_totals
from telemetry.models import DailyTotal, PointBlock, Telemetry
from telemetry.selectors import list_points
from telemetry.services import create_telemetry
from tests.ingestion.killing import Killer
from tests.standin import BUCKET

START = datetime(2024, 5, 1, tzinfo=UTC)
LEASE = timedelta(hours=1)  # longer than any
BROKEN = "not,a header\n"
UNUSABLE = ("-1", "x")
EXACT = Context(prec=100, traps=[Inexact])

Row = tuple[str, str, str]  # date, team, metric
numbers = count()


class World:
    """`objects` is what the bucket holds, `shown` the last usable version of each key that was stored.

    Everything about a version is in its ETag, so the model may look up *which* versions a sync that failed
    half way has stored; what they hold, and what of it counts, it reckons itself.
    """

    def __init__(self, standin: StandIn, endpoint: S3Endpoint, *, overlap: str = "newest") -> None:
        number = next(numbers)
        self.standin, self.prefix = standin, f"world-{number}/"
        self.telemetry: Telemetry = create_telemetry(
            account=endpoint.account,
            endpoint=endpoint,
            prefix=self.prefix,
            name="World",
            date_column="date",
            date_format="yyyy-MM-dd",
            dimensions=["team"],
            metric_column=f"metric_{number}",
            overlap=overlap,
        )
        self.now = START
        self.objects: dict[str, tuple[list[Row] | None, datetime]] = {}  # rows: None where broken
        self.shown: dict[str, tuple[list[Row], datetime]] = {}
        self._contents: dict[str, list[Row] | None] = {}  # by ETag

    # --- the bucket ---
    def put(self, key: str, rows: list[Row] | None, *, minute: int) -> None:
        """Put a file; `rows` None: one that cannot be read."""
        text = BROKEN
        if rows is not None:
            text = "\n".join([f"date,team,{self.telemetry.identifier}", *map(",".join, rows), ""])
        modified = START + timedelta(minutes=minute)
        self.objects[key] = (rows, modified)
        self.standin.put_object(BUCKET, self.prefix + key, text, modified=modified)
        stored = self.standin.store.get(BUCKET, self.prefix + key)
        self._contents[stored[0].etag] = rows

    def touch(self, key: str, *, minute: int) -> None:
        """Upload the same content again."""
        self.put(key, self.objects[key][0], minute=minute)

    def delete(self, key: str) -> None:
        if self.objects.pop(key, None):
            self.standin.delete_object(BUCKET, self.prefix + key)

    def minute_of(self, modified: datetime) -> int:
        return (modified - START) // timedelta(minutes=1)

    # --- syncing ---
    def run(self, *, check: bool = True) -> Run:
        """A run from its start, or the one that was left, to its end; whoever left it is dead by now."""
        self.now += LEASE
        run, _ = create_run(source=self.telemetry, trigger="command", now=self.now)
        execute_run(run_id=run.pk, clock=lambda: self.now)
        run.refresh_from_db()
        if check:
            self.look()
        return run

    def sync(self) -> Run:
        """What was left half done ends first; then everything that the bucket shows now is in."""
        while self.telemetry.runs.filter(state__in=Run.ACTIVE_STATES).exists():
            self.check_counts(self.run())
        run = self.run()
        self.check_everything_is_in(run)
        return run

    def killed(self, killer: Killer, *, kill_at: int) -> int:
        """A sync in a process that dies (0: lives); at how many moments it could have, 0 where it did."""
        self.now += LEASE
        end = killer.sync(telemetry_id=self.telemetry.pk, now=self.now, kill_at=kill_at)
        assert end.killed != bool(end.boundaries)
        self.look()
        return end.boundaries

    def change_overlap(self, overlap: str) -> None:
        """Choose the other overlap rule."""
        with transaction.atomic():
            self.telemetry = Telemetry.objects.select_for_update(no_key=True).get(pk=self.telemetry.pk)
            self.telemetry.overlap = overlap
            self.telemetry.save(update_fields=["overlap"])
            days = FileDay.objects.filter(source=self.telemetry).values_list("date", flat=True)
            refresh_daily_totals(telemetry=self.telemetry, dates=days)

    # --- what must hold ---
    def look(self) -> None:
        """Take note of the versions that are stored; each must have been in the bucket once, whole."""
        self.shown = {}
        for source_file in SourceFile.objects.filter(source=self.telemetry, state="stored"):
            rows = self._contents[source_file.etag]
            assert rows is not None, f"{source_file.key} cannot be read, and was"
            self.shown[source_file.key.removeprefix(self.prefix)] = (rows, source_file.last_modified)
        self.check_what_counts()

    def check_everything_is_in(self, run: Run) -> None:
        """After a sync that nothing disturbed."""
        for key, (rows, modified) in self.objects.items():
            if rows is not None and not key.startswith("_"):
                assert self.shown[key] == (rows, modified)
        failed = sum(rows is None for rows, _ in self.objects.values())
        ignored = sum(key.startswith("_") for key in self.objects)
        assert (run.files_failed, run.files_ignored) == (failed, ignored)
        self.check_counts(run)
        self.check_nothing_left_over()

    def check_counts(self, run: Run) -> None:
        """Every object and every row that the run met is accounted for."""
        files = list(run.files.all())
        assert run.state not in Run.ACTIVE_STATES
        assert not any(file.state == RunFile.State.PENDING for file in files)
        assert run.files_planned == len(files) == run.files_read + run.files_failed
        assert run.files_read == sum(file.state == RunFile.State.READ for file in files)
        read = [file for file in files if file.state == RunFile.State.READ]
        for file in read:
            rows = self._contents[file.etag]
            rejected = sum(metric in UNUSABLE for _, _, metric in rows)
            assert (file.rows_read, file.rows_rejected) == (len(rows), rejected)
            assert file.rejected_rows.count() == rejected
            assert file.source_file.points == len(add_up(rows))
        assert run.rows_read == sum(file.rows_read for file in files)
        assert run.rows_rejected == sum(file.rows_rejected for file in files)
        assert run.points_written == sum(file.source_file.points for file in read)

    def check_what_counts(self) -> None:
        """The points, daily totals and days of files are what the model says, to the last digit."""
        expected = self.fold()
        found = {
            (point.date.isoformat(), *point.dimensions): point.value
            for point in list_points(telemetry=self.telemetry)
        }
        assert found == expected
        by_day: dict[str, Decimal] = defaultdict(Decimal)
        for (day, _), value in expected.items():
            by_day[day] = EXACT.add(by_day[day], value)
        totals = DailyTotal.objects.filter(telemetry=self.telemetry)
        overall = {total.date.isoformat(): total.value for total in totals.filter(dimension=0)}
        assert overall == by_day
        by_team = totals.filter(dimension=1)
        assert {(total.date.isoformat(), total.dimension_value): total.value for total in by_team} == expected
        self._check_days()

    def _check_days(self) -> None:
        expected = {}
        for key, (rows, _) in self.shown.items():
            for (day, _), value in add_up(rows).items():
                expected[key, day] = EXACT.add(expected.get((key, day), Decimal(0)), value)
        days = FileDay.objects.filter(source=self.telemetry).select_related("source_file")
        found = {(self._name(day), day.date.isoformat()): day.value for day in days}
        assert found == expected

    def check_nothing_left_over(self) -> None:
        files = SourceFile.objects.filter(source=self.telemetry)
        stored = set(files.filter(state="stored").values_list("pk", flat=True))
        assert not files.filter(state="reading").exists()
        held = PointBlock.objects.filter(source_file__in=files).values_list("source_file_id", flat=True)
        assert set(held) <= stored

    def fold(self) -> dict[tuple[str, str], Decimal]:
        """A fresh import of what the bucket has shown, by the rules."""
        values: dict[tuple[str, str], Decimal] = {}
        adds = self.telemetry.overlap == Telemetry.Overlap.ADD
        for _, (rows, _) in sorted(self.shown.items(), key=lambda item: (item[1][1], item[0])):
            for point, value in add_up(rows).items():
                values[point] = EXACT.add(values.get(point, Decimal(0)), value) if adds else value
        return values

    def _name(self, day: Any) -> str:
        return day.source_file.key.removeprefix(self.prefix)


def add_up(rows: list[Row]) -> dict[tuple[str, str], Decimal]:
    """What a file holds: the sum of its usable rows for each date and team."""
    values: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for day, team, metric in rows:
        if metric not in UNUSABLE:
            values[day, team] = EXACT.add(values[day, team], Decimal(metric))
    return dict(values)
