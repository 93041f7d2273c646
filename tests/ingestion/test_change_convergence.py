"""Whatever dimensions and overlap rules a telemetry has had: what is stored equals a fresh import by its own.

Small random histories of files and syncs with changes of the mapping, previews, re-imports and changes that
are killed, against a model that knows only the rules.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import count
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion import finish_staged, publish
from ingestion.models import FileDay, Run, SourceFile
from ingestion.scope import EVERYTHING, REJECTED
from ingestion.services import create_run
from ingestion.work import execute_run
from telemetry import reprojecting
from telemetry.mapping_changes import Change, as_options
from telemetry.models import DailyTotal, DataPoint, Series
from telemetry.selectors import list_dimensions, list_points
from telemetry.services import create_telemetry
from tests.ingestion.conftest import START
from tests.ingestion.world import LEASE
from tests.standin import BUCKET

COLUMNS = ("team", "env")
DIMENSIONS = [(), ("team",), ("env",), ("team", "env"), ("env", "team")]
KEYS = ["a.csv", "b.csv", "c.csv"]
ROW = ("2024-05-01", "x", "x", "1")
numbers = count()

rows = st.lists(
    st.tuples(
        st.sampled_from(["2024-05-01", "2024-05-02"]),
        st.sampled_from(["x", "y"]),
        st.sampled_from(["x", "z", ""]),
        st.sampled_from(["1", "2.5", "0", "-1"]),
    ),
    max_size=4,
)
mappings = st.tuples(st.sampled_from(DIMENSIONS), st.sampled_from(["newest", "add"]))
steps = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(KEYS), rows, st.integers(0, 5)),
    st.tuples(st.just("put"), st.sampled_from(KEYS), rows, st.integers(0, 5)),
    st.tuples(st.just("delete"), st.sampled_from(KEYS)),
    st.just(("sync",)),
    st.tuples(st.just("reimport"), st.sampled_from([EVERYTHING, REJECTED])),
    st.tuples(st.just("change"), mappings),
    st.tuples(st.just("change"), mappings),
    st.tuples(st.just("preview"), mappings),
    st.tuples(st.just("killed"), mappings, st.integers(1, 8)),
)


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


class World:
    """A telemetry and its bucket. `shown`: of each key, the version that a sync read last, as rows with the
    dimensions that were lost when it could not be read again.
    """

    def __init__(self, standin, endpoint) -> None:
        number = next(numbers)
        self.standin, self.prefix, self.now = standin, f"mapping-{number}/", START
        self.telemetry = create_telemetry(
            account=endpoint.account,
            endpoint=endpoint,
            prefix=self.prefix,
            name="Mapping",
            date_column="date",
            date_format="yyyy-MM-dd",
            dimensions=["team"],
            metric_column=f"metric_{number}",
        )
        self.dimensions, self.overlap = ("team",), "newest"
        self.objects: dict[str, tuple] = {}
        self.put_so_far: dict[tuple, list] = {}  # (key, etag) -> content
        self.was_killed = False  # a change, and the bucket may be another one when it goes on
        self.shown: dict[str, tuple] = {}  # key -> (rows as dicts, minute)

    def put(self, key: str, content: list, minute: int) -> None:
        self.objects[key] = (content, minute)
        lines = [f"date,team,env,{self.telemetry.identifier}", *map(",".join, content), ""]
        text = "\n".join(lines)
        self.put_so_far[key, hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()] = content
        self.standin.put_object(BUCKET, self.prefix + key, text, modified=START + timedelta(minutes=minute))

    def delete(self, key: str) -> None:
        if self.objects.pop(key, None):
            self.standin.delete_object(BUCKET, self.prefix + key)

    def run(self, **options) -> Run:
        run, created = create_run(source=self.telemetry, trigger="command", now=self.now, **options)
        assert created
        return self.execute(run)

    def execute(self, run: Run) -> Run:
        self.now += LEASE
        assert execute_run(run_id=run.pk, clock=lambda: self.now)
        run.refresh_from_db()
        self.telemetry.refresh_from_db()
        return run

    def finish_what_is_left(self) -> None:
        """The run that was killed goes on where it was."""
        for run in self.telemetry.runs.filter(state__in=Run.ACTIVE_STATES):
            self.note(self.execute(run))
        self.was_killed = False

    def sync(self, **options) -> None:
        self.finish_what_is_left()
        self.note(self.run(**options))
        self.check()

    def change(self, dimensions: tuple, overlap: str, **options) -> Run | None:
        self.finish_what_is_left()
        if (dimensions, overlap) == (self.dimensions, self.overlap):
            return None
        given = Change(
            self.telemetry,
            dimensions=None if dimensions == self.dimensions else dimensions,
            overlap=None if overlap == self.overlap else overlap,
            keeps_unreadable=True,
        )
        return self.run(**as_options(given), **options)

    def note(self, run: Run) -> None:
        """What a run that has ended has done, by the rules."""
        gone = self.was_killed and run.files.filter(state="failed").exists()
        assert run.state in (["incomplete"] if gone else ["succeeded", "succeeded_with_rejects"]), run.message
        if run.is_preview:
            return
        changed = run.mapping_change if run.is_changeover else None
        if changed and changed.dimensions is not None:
            for content, _ in self.shown.values():  # the points have no more; what is read again below has
                for row in content:
                    row.update({column: "" for column in COLUMNS if column not in self.dimensions})
            self.dimensions = tuple(changed.dimensions)
        if changed and changed.overlap:
            self.overlap = changed.overlap
        if run.reads_files:
            for key, (content, minute) in (self.find_read(run) if self.was_killed else self.objects).items():
                names = ("date", *COLUMNS, "value")
                self.shown[key] = ([dict(zip(names, row, strict=True)) for row in content], minute)

    def find_read(self, run: Run) -> dict[str, tuple]:
        """What a run in two parts has read: of each key, the version that was there then."""
        read: dict[str, tuple] = {}
        for file in run.files.all():
            key = file.key.removeprefix(self.prefix)
            if file.state == "read":
                minute = (file.last_modified - START).total_seconds() // 60
                read[key] = self.put_so_far[key, file.etag], minute
            else:  # deleted before its turn came
                assert file.state == "failed" and key not in self.objects, file.message
        return read

    def check(self) -> None:
        expected = self.fold()
        assert tuple(list_dimensions(telemetry=self.telemetry)) == self.dimensions
        found = list(list_points(telemetry=self.telemetry))
        assert {(p.date.isoformat(), *p.dimensions): p.value for p in found} == expected
        assert len(found) == len(expected)
        totals: dict[tuple, Decimal] = defaultdict(Decimal)
        for (day, *cells), value in expected.items():
            totals[0, day, ""] += value
            for position, cell in enumerate(cells, 1):
                totals[position, day, cell] += value
        kept = DailyTotal.objects.filter(telemetry=self.telemetry)
        assert {(t.dimension, t.date.isoformat(), t.dimension_value): t.value for t in kept} == totals
        self.check_nothing_left_over()

    def check_nothing_left_over(self) -> None:
        files = SourceFile.objects.filter(source=self.telemetry)
        assert not files.filter(state__in=["reading", "staged"]).exists()
        stored = set(files.filter(state="stored").values_list("pk", flat=True))
        points = DataPoint.objects.filter(source_file__in=files)
        assert set(points.values_list("source_file_id", flat=True)) <= stored
        assert not FileDay.objects.filter(source_file__in=files, source=None).exists()
        width = {len(series.dimensions) for series in Series.objects.filter(telemetry=self.telemetry)}
        assert width <= {len(self.dimensions)}

    def fold(self) -> dict[tuple, Decimal]:
        values: dict[tuple, Decimal] = {}
        for _, (content, _) in sorted(self.shown.items(), key=lambda item: (item[1][1], item[0])):
            own: dict[tuple, Decimal] = defaultdict(Decimal)
            for row in content:
                if row["value"] != "-1":
                    own[(row["date"], *(row[column] for column in self.dimensions))] += Decimal(row["value"])
            for point, value in own.items():
                values[point] = values.get(point, Decimal(0)) + value if self.overlap == "add" else value
        return values


def kill(world: World, mapping: tuple, number: int) -> None:
    """Begin a change that dies at the `number`th time that it would write."""
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
        patch.object(publish, "stage_loads", dying(publish.stage_loads)),
        patch.object(reprojecting, "reproject_file", dying(reprojecting.reproject_file)),
        patch.object(finish_staged, "apply_staged", dying(finish_staged.apply_staged)),
        patch.object(finish_staged, "end_run", dying(finish_staged.end_run)),
    ):
        try:
            run = world.change(*mapping)
        except Killed:
            world.was_killed = True
            return
    if run is not None:
        world.note(run)


@example(history=[("put", "a.csv", [ROW], 0), ("killed", ((), "newest"), 3), ("delete", "a.csv")])
@example(history=[("put", "a.csv", [ROW], 0), ("killed", ((), "newest"), 1), ("delete", "a.csv")])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(steps, min_size=2, max_size=12))
@pytest.mark.django_db(transaction=True)
def test_after_every_change_what_is_stored_equals_a_fresh_import(standin, s3_endpoint, history):
    world = World(standin, s3_endpoint)
    for step in history:
        match step:
            case ("put", key, content, minute):
                world.put(key, content, minute)
            case ("delete", key):
                world.delete(key)
            case ("sync",):
                world.sync()
            case ("reimport", scope):
                world.sync(scope=scope)
            case ("change", mapping):
                if run := world.change(*mapping):
                    world.note(run)
                    world.check()
            case ("preview", mapping):
                world.change(*mapping, is_preview=True)
            case ("killed", mapping, number):
                kill(world, mapping, number)
    world.sync()


def test_a_preview_foretells_what_the_change_makes_of_the_days(standin, s3_endpoint):
    world = World(standin, s3_endpoint)
    world.put("a.csv", [("2024-05-01", "x", "z", "1"), ("2024-05-02", "y", "z", "2")], 0)
    world.put("b.csv", [("2024-05-01", "x", "z", "4")], 90)
    world.sync()
    foretold = world.change(("env",), "add", is_preview=True).changes
    world.note(world.change(("env",), "add"))
    world.check()
    assert foretold["total_after"] == "7"
    assert [(day["date"], day["after"]) for day in foretold["days"]] == [("2024-05-01", "5")]
