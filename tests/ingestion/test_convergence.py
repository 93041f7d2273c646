"""Whatever happened before: after a sync, what is stored equals a fresh import of what the bucket has shown.

Random histories of files (put, overwritten, late, touched, broken, deleted) and syncs (whole, killed half
way, meeting a failing S3) against a model that knows only the rules.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from ingestion import groups
from ingestion import read as reading
from ingestion.models import SyncRun
from ingestion.services import create_run
from ingestion.work import execute_run
from telemetry import blocks, loading
from telemetry.fields import plain
from telemetry.models import DailyTotal, DataPoint, FileDay, SourceFile, Telemetry
from telemetry.selectors import list_points
from telemetry.services import create_telemetry
from tests.standin import BUCKET

START = datetime(2024, 5, 1, tzinfo=UTC)
LEASE = timedelta(hours=1)
KEYS = ["a.csv", "b.csv", "c.csv"]
numbers = count()

rows = st.lists(
    st.tuples(
        st.sampled_from(["2024-05-01", "2024-05-02", "2024-05-03"]),
        st.sampled_from(["core", "web"]),
        st.sampled_from(["1", "2.5", "0", "1e-3", "-1", "x"]),
    ),
    max_size=4,
)
puts = st.tuples(st.just("put"), st.sampled_from(KEYS), rows, st.integers(0, 5))
failures = st.sampled_from(["slow_down", "server_error", "reset"])
steps = st.one_of(
    puts,
    puts,
    st.tuples(st.just("touch"), st.sampled_from(KEYS), st.integers(0, 5)),
    st.tuples(st.just("break"), st.sampled_from(KEYS), st.integers(0, 5)),
    st.tuples(st.just("delete"), st.sampled_from(KEYS)),
    st.just(("sync",)),
    st.just(("sync",)),
    st.tuples(st.just("killed"), st.integers(1, 12)),
    st.tuples(
        st.just("failing"), st.sampled_from(["slow_down", "server_error", "reset"]), st.integers(0, 60)
    ),
)
histories = st.tuples(st.sampled_from(["newest", "add"]), st.lists(steps, min_size=1, max_size=14))


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


class History:
    """A telemetry and its bucket; `shown` is the last good version of each key that a sync has met."""

    def __init__(self, standin, endpoint, overlap: str) -> None:
        number = next(numbers)
        self.standin, self.prefix = standin, f"history-{number}/"
        self.telemetry: Telemetry = create_telemetry(
            account=endpoint.account,
            endpoint=endpoint,
            prefix=self.prefix,
            name="History",
            date_column="date",
            date_format="yyyy-MM-dd",
            dimensions=["team"],
            metric_column=f"metric_{number}",
            overlap=overlap,
        )
        self.now = START
        self.objects: dict[str, tuple] = {}  # what the bucket holds: (rows or None where broken, modified)
        self.shown: dict[str, tuple] = {}

    def put(self, key: str, content: list | None, minute: int) -> None:
        self.objects[key] = (content, START + timedelta(minutes=minute))
        text = "not,a header\n"
        if content is not None:
            lines = [",".join(row) for row in content]
            text = "\n".join([f"date,team,{self.telemetry.identifier}", *lines, ""])
        self.standin.put_object(BUCKET, self.prefix + key, text, modified=self.objects[key][1])

    def delete(self, key: str) -> None:
        if self.objects.pop(key, None):
            self.standin.delete_object(BUCKET, self.prefix + key)

    def run(self) -> SyncRun:
        """A run from its start, or the one that was left, to its end."""
        self.now += LEASE
        run, _ = create_run(telemetry=self.telemetry, trigger="command", now=self.now)
        execute_run(run_id=run.pk, clock=lambda: self.now)
        run.refresh_from_db()
        return run

    def sync(self) -> None:
        """What was left half done ends first, then everything that the bucket shows now is in."""
        while self.telemetry.sync_runs.filter(state__in=SyncRun.ACTIVE_STATES).exists():
            self.run()
        run = self.run()
        for key, (content, modified) in self.objects.items():
            if content is not None:
                self.shown[key] = (content, modified)
        broken = [key for key, (content, _) in self.objects.items() if content is None]
        assert run.files_failed == len(broken)
        self.check()

    def check(self) -> None:
        expected = self.fold()
        assert {
            (point.date.isoformat(), *point.dimensions): point.value
            for point in list_points(telemetry=self.telemetry)
        } == expected
        by_day: dict = defaultdict(Decimal)
        for (day, _), value in expected.items():
            by_day[day] += value
        overall = DailyTotal.objects.filter(telemetry=self.telemetry, dimension=0)
        assert {total.date.isoformat(): total.value for total in overall} == by_day
        by_team = DailyTotal.objects.filter(telemetry=self.telemetry, dimension=1)
        assert {(t.date.isoformat(), t.dimension_value): t.value for t in by_team} == expected
        self.check_nothing_left_over()

    def check_nothing_left_over(self) -> None:
        stored = SourceFile.objects.filter(telemetry=self.telemetry, state="stored")
        assert not SourceFile.objects.filter(telemetry=self.telemetry, state="reading").exists()
        files = SourceFile.objects.filter(telemetry=self.telemetry)
        held = set(DataPoint.objects.filter(source_file__in=files).values_list("source_file_id", flat=True))
        assert held <= set(stored.values_list("pk", flat=True))
        days = FileDay.objects.filter(telemetry=self.telemetry)
        assert {day.source_file_id for day in days} == held

    def fold(self) -> dict[tuple, Decimal]:
        """A fresh import of what the bucket has shown, by the rules."""
        values: dict[tuple, Decimal] = {}
        adds = self.telemetry.overlap == "add"
        for key, (content, _) in sorted(self.shown.items(), key=lambda item: (item[1][1], item[0])):
            own: dict[tuple, Decimal] = defaultdict(Decimal)
            for day, team, metric in content:
                if metric not in ("-1", "x"):
                    own[day, team] += Decimal(metric)
            for point, value in own.items():
                values[point] = values.get(point, Decimal(0)) + value if adds else value
            note(f"{key}: {dict(own)}")
        return {point: Decimal(plain(value)) for point, value in values.items()}


def kill_at(history: History, number: int) -> None:
    """Begin a sync that dies at the `number`th time that it would write."""
    calls = count(1)

    def dying(real):
        def wrapper(*arguments, **options):
            if next(calls) == number:
                raise Killed
            result = real(*arguments, **options)
            if next(calls) == number:
                raise Killed
            return result

        return wrapper

    with (
        patch.object(reading, "begin_loads", dying(loading.begin_loads)),
        patch.object(groups, "complete_loads", dying(loading.complete_loads)),
        patch.object(loading.Load, "add", dying(loading.Load.add)),
        patch.object(blocks.BlockWriter, "flush", dying(blocks.BlockWriter.flush)),
    ):
        try:
            run = history.run()
        except Killed:
            return
    keep_up(history, run)


def fail_at(history: History, kind: str, after_bytes: int) -> None:
    """A sync during which S3 fails for a while, now and then for good."""
    history.standin.fail("get", kind, times=2, after_bytes=after_bytes, name=history.prefix)
    try:
        run = history.run()
    finally:
        history.standin.app.faults.clear()
    keep_up(history, run)


def keep_up(history: History, run: SyncRun) -> None:
    """What a run that ended has stored is what the bucket showed it."""
    for source_file in SourceFile.objects.filter(telemetry=history.telemetry, state="stored"):
        key = source_file.key.removeprefix(history.prefix)
        content, modified = history.objects.get(key, (None, None))
        if content is not None and modified == source_file.last_modified and run.finished_at:
            history.shown[key] = (content, modified)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
@pytest.mark.django_db(transaction=True)
def test_every_history_converges(standin, s3_endpoint, history):
    overlap, steps_taken = history
    world = History(standin, s3_endpoint, overlap)
    for step in steps_taken:
        match step:
            case ("put", key, content, minute):
                world.put(key, content, minute)
            case ("touch", key, minute) if key in world.objects:
                world.put(key, world.objects[key][0], minute)
            case ("break", key, minute):
                world.put(key, None, minute)
            case ("delete", key):
                world.delete(key)
            case ("sync",):
                world.sync()
            case ("killed", number):
                kill_at(world, number)
            case ("failing", kind, after_bytes):
                fail_at(world, kind, after_bytes)
    world.sync()
    world.sync()
