"""An exception thrown at the first call of every function that a sync comes to, and at each statement.

Functions are shared between the databases, every other one each: the boundary is the same.

Wherever it is: that telemetry's run has failed, by name, nothing is left running, the JSON is printed, the
next telemetry is synced, and the next sync brings everything in.
"""

from __future__ import annotations

import gc
import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DataError, OperationalError, connection

from endpoints import storage
from ingestion.management.running import RunCommand
from ingestion.models import Run
from tests.ingestion.throwing import Watch, watching
from tests.ingestion.world import World

pytestmark = pytest.mark.django_db


class Scene:
    """Two telemetries that the command syncs one after the other; what is thrown meets the first."""

    def __init__(self, standin, endpoint) -> None:
        self.world, self.other = World(standin, endpoint), World(standin, endpoint)
        self.number = 0

    def set(self) -> None:
        self.number += 1
        number = self.number
        self.world.put("changed.csv", [("2024-05-01", f"team {number}", "1.5")], minute=number)
        self.world.put(
            "rejects.csv", [("2024-05-02", "web", "x"), ("2024-05-02", "web", f"{number}")], minute=number
        )
        self.world.put("broken.csv", None, minute=number)
        self.other.put("a.csv", [("2024-05-01", "core", f"{number}")], minute=number)

    def sync(self) -> tuple[list[dict[str, Any]], int]:
        """The runs that the command prints, and its exit code."""
        out, code = io.StringIO(), 0
        names = (self.world.telemetry.identifier, self.other.telemetry.identifier)
        try:
            call_command(
                "sync_telemetry", "--account", "acme", "--json", *names, stdout=out, stderr=io.StringIO()
            )
        except SystemExit as stopped:
            code = stopped.code
        return json.loads(out.getvalue())["runs"], code

    def check(self, runs: list[dict[str, Any]], code: int, *, thrown: str) -> None:
        first, second = runs
        assert first["identifier"] == self.world.telemetry.identifier
        assert (first["state"], second["state"], code) == ("failed", "succeeded", 1), thrown
        assert thrown in first["message"]
        assert "a cell" not in json.dumps(runs)
        assert not Run.objects.filter(state__in=Run.ACTIVE_STATES).exists()
        assert not Run.objects.exclude(lease_owner=None).exists()
        self.world.look()
        self.world.sync()


@pytest.fixture
def scene(standin, s3_endpoint) -> Scene:
    return Scene(standin, s3_endpoint)


# Runs in a thread whose file has been handed over by then: nobody is left whom it could meet.
TOO_LATE = {"Waiting.add", "_size_of"}
# A thread that cannot hand over what it met: whoever waits for it notices that it has ended.
OTHERWISE_NAMED = dict.fromkeys(("FilePrefetch._run", "FilePrefetch._put"), "RuntimeError")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # OTHERWISE_NAMED
def test_whatever_function_throws_the_run_has_failed_and_the_next_begins(scene):
    scene.set()
    scene.sync()  # what is called once in a process has been called
    scene.set()
    watch = Watch()
    with watching(watch):
        scene.sync()
    assert len(watch.called) > 300, "the scene shows too little"
    for function in list(watch.called)[connection.vendor == "postgresql" :: 2]:
        if function.co_qualname in TOO_LATE:
            continue
        scene.set()
        if "/endpoints/" in function.co_filename:  # what is called where a role is assumed
            storage.clear_sessions()
        if function.co_filename.endswith("/streams.py"):  # else an older stream's finaliser may come to it
            gc.collect()
        throwing = Watch(function)
        with watching(throwing):
            runs, code = scene.sync()
        assert throwing.has_thrown, function.co_qualname
        scene.check(runs, code, thrown=OTHERWISE_NAMED.get(function.co_qualname, "Boom"))


class FailingStatement:
    """Django's execute_wrapper: the `at`th statement fails."""

    def __init__(self, at: int, error: Exception) -> None:
        self.count, self._at, self._error = 0, at, error

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            self.count += 1
            if self.count == self._at:
                raise self._error
        return execute(sql, params, many, context)


@pytest.mark.django_db(transaction=True)
def test_whatever_statement_fails_the_run_has_failed_and_the_next_begins(scene, monkeypatch):
    carry_out = RunCommand.carry_out
    failing = []

    def carry_out_one(command, telemetry, **options):
        if telemetry != scene.world.telemetry:
            return carry_out(command, telemetry, **options)
        with connection.execute_wrapper(failing[-1]):
            return carry_out(command, telemetry, **options)

    monkeypatch.setattr(RunCommand, "carry_out", carry_out_one)
    for at in range(1, 1000):
        scene.set()
        error = (DataError, OperationalError)[at % 2]
        failing.append(FailingStatement(at, error("a cell")))
        runs, code = scene.sync()
        if failing[-1].count < at:
            break
        scene.check(runs, code, thrown=f"({error.__name__}, reference ")
    assert at > 40, "the scene shows too little"
