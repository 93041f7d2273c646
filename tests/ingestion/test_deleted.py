"""A telemetry deleted while it is synced: the sync stops without an error, and nothing is left of either."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Thread
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.db import connection, connections

from ingestion.models import FileDay, RejectedRow, Run, RunFile, SourceFile
from ingestion.services import create_run
from ingestion.work import execute_run
from telemetry.models import DailyTotal, PointBlock, Series, Telemetry
from telemetry.services import delete_telemetry
from tests.ingestion.world import LEASE, World

EVERYTHING = (RejectedRow, RunFile, Run, DailyTotal, FileDay, PointBlock, Series, SourceFile, Telemetry)


class Deleting:
    """Deletes the telemetry, in another thread, after the `at`th commit or statement outside of one."""

    def __init__(self, world: World, at: int) -> None:
        self._world, self._at, self.statements, self.error = world, at, 0, None

    def __call__(self, execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        result = execute(sql, params, many, context)
        if not (context["connection"].in_atomic_block or sql.startswith("BEGIN")):
            self.step()
        return result

    def step(self) -> None:
        self.statements += 1
        if self.statements == self._at:
            thread = Thread(target=self.delete)
            thread.start()
            thread.join(timeout=30)
            assert not thread.is_alive(), "the sync keeps the deletion waiting"

    def delete(self) -> None:
        try:
            telemetry = self._world.telemetry
            delete_telemetry(telemetry=telemetry, identifier=telemetry.identifier)
        except Exception as error:  # noqa: BLE001 - for the test to raise
            self.error = error
        finally:
            connections.close_all()


def make_world(standin, endpoint) -> World:
    world = World(standin, endpoint)
    world.put("a.csv", [("2024-05-01", "core", "1"), ("2024-05-01", "core", "x")], minute=0)
    world.sync()
    world.put("a.csv", [("2024-05-01", "web", "1"), ("2024-05-01", "core", "x")], minute=1)
    world.put("b.csv", [("2024-05-01", "core", "1"), ("2024-05-02", "data", "-1")], minute=1)
    world.put("c.csv", None, minute=1)
    return world


@contextmanager
def after_commits(step: Callable[[], None]) -> Iterator[None]:
    """Call `step` after each commit of this thread."""
    commit = connection._commit

    def committing() -> None:
        commit()
        step()

    with patch.object(connections["default"], "_commit", committing):
        yield


def assert_nothing_left() -> None:
    assert {model.__name__: model.objects.count() for model in EVERYTHING} == dict.fromkeys(
        (model.__name__ for model in EVERYTHING), 0
    )


@pytest.mark.django_db(transaction=True)
def test_it_may_be_deleted_after_any_statement_of_its_sync(standin, s3_endpoint):
    for at in count(1):
        world = make_world(standin, s3_endpoint)
        world.now += LEASE
        run, _ = create_run(source=world.telemetry, trigger="command", now=world.now)
        deleting = Deleting(world, at)
        with connection.execute_wrapper(deleting), after_commits(deleting.step):
            execute_run(run_id=run.pk, clock=lambda world=world: world.now)
        if deleting.statements < at:
            break
        if deleting.error is not None:
            raise deleting.error
        assert_nothing_left()
    assert at > 20, "the scene shows too little"


@pytest.mark.django_db(transaction=True)
def test_the_command_says_that_the_telemetry_was_deleted_and_syncs_the_others(standin, s3_endpoint):
    world, other = make_world(standin, s3_endpoint), World(standin, s3_endpoint)
    other.put("a.csv", [("2024-05-01", "core", "1")], minute=0)
    standin.after("list", Deleting(world, 0).delete)
    out, err = io.StringIO(), io.StringIO()
    names = (world.telemetry.identifier, other.telemetry.identifier)
    with pytest.raises(SystemExit) as stopped:
        arguments = ("--account", s3_endpoint.account.slug, "--json", *names)
        call_command("sync_telemetry", *arguments, stdout=out, stderr=err)
    runs = json.loads(out.getvalue())["runs"]
    assert stopped.value.code == 1
    assert [(run["identifier"], run["state"]) for run in runs] == list(
        zip(names, ("failed", "succeeded"), strict=True)
    )
    assert runs[0]["message"] == f"{names[0]} was deleted while it was synced."
    assert runs[0]["message"] in err.getvalue()
    assert not SourceFile.objects.exclude(source=other.telemetry).exists()
