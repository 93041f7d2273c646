"""Whoever reads while a file is restated again and again sees one of its versions whole, never a mixture."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.urls import reverse

from accounts.services import add_member
from core.decimals import plain
from telemetry.selectors import list_daily_totals, list_points
from telemetry.shown import explain_day
from telemetry.totals import get_totals
from tests.ingestion.world import World

DAYS = [f"2024-05-0{day}" for day in range(1, 6)]
TEAMS = ["core", "web", "data"]
FIRST, LAST = date(2024, 5, 1), date(2024, 5, 5)


def restate(world: World, number: int) -> None:
    """The next version: each value is its number. Two times of three a second file holds the same dates."""
    rows = [(day, team, str(number)) for day in DAYS for team in TEAMS]
    world.put("a.csv", rows, minute=number)
    if number % 3:
        world.put("b.csv", rows, minute=number)
    else:
        world.put("b.csv", [("2024-06-01", "core", "1")], minute=number)


def read_points(world: World) -> list[str]:
    found = list_points(telemetry=world.telemetry, date_from=FIRST, date_to=LAST)
    points = {(point.date.isoformat(), *point.dimensions): plain(point.value) for point in found}
    assert len(points) == len(DAYS) * len(TEAMS)
    return list(points.values())


def read_export(world: World) -> list[str]:
    out = io.StringIO()
    arguments = ("export_telemetry", world.telemetry.identifier, "--account", world.telemetry.account.slug)
    call_command(*arguments, "--to", "2024-05-05", stdout=out)
    rows = list(csv.reader(io.StringIO(out.getvalue())))[1:]
    assert len(rows) == len(DAYS) * len(TEAMS)
    return [row[-1] for row in rows]


def read_totals(world: World) -> list[str]:
    """Three teams make a day."""
    totals = list_daily_totals(telemetry=world.telemetry, date_from=FIRST, date_to=LAST)
    assert len(totals) == len(DAYS)
    return [plain(total.value / 3) for total in totals]


def read_totals_by_team(world: World) -> list[str]:
    """The stacks of a chart add up to its whole: nothing is left for 'all other values'."""
    dimension = world.telemetry.dimensions.get()
    totals = get_totals(telemetry=world.telemetry, date_from=FIRST, date_to=LAST, dimension=dimension)
    assert [stack.label for stack in totals.stacks] == sorted(TEAMS)
    values = [value for stack in totals.stacks for value in stack.values.values()]
    return [plain(value) for value in [*values, *(value / 3 for value in totals.overall.values.values())]]


def read_explanation(world: World) -> list[str]:
    """The files behind a day: the newest of them holds the day's number."""
    newest = explain_day(telemetry=world.telemetry, date=FIRST)[0][0]
    assert newest.counts
    return [plain(newest.value / 3)]


@pytest.mark.django_db(transaction=True)
def test_pages_and_downloads_are_made_in_a_transaction_that_only_reads(standin, s3_endpoint, client):
    world = World(standin, s3_endpoint)
    restate(world, 1)
    run = world.sync()
    account = world.telemetry.account
    member = add_member(account=account, email="a@b.example", role="viewer", password=None)[0]
    client.force_login(member.user)
    telemetry = f"/settings/telemetry/{world.telemetry.public_id}/"
    addresses = [
        "/settings/telemetry/",
        telemetry,
        reverse("ingestion:files", args=[world.telemetry.public_id]),
        reverse("telemetry:day", args=[world.telemetry.public_id, FIRST]),
        reverse("ingestion:run", args=[world.telemetry.public_id, run.public_id]),
        *(telemetry + name for name in ("rejected-rows.csv", "totals.csv", "points.csv")),
    ]
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        if response.streaming:
            assert b"".join(response.streaming_content)


class Restating:
    """After every statement of a reader another thread syncs the next version: nothing worse can come."""

    def __init__(self, world: World, number: int) -> None:
        self._world, self.number = world, number
        restate(world, self.number)
        world.sync()

    def __call__(self, execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        result = execute(sql, params, many, context)
        writer = Thread(target=self._sync_next)
        before = self.number
        writer.start()
        writer.join(timeout=60)
        assert self.number == before + 1, "the reader keeps the writer waiting"
        return result

    def _sync_next(self) -> None:
        try:
            restate(self._world, self.number + 1)
            self._world.run(check=False)
            self.number += 1
        finally:
            connections.close_all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "read", [read_points, read_export, read_totals, read_totals_by_team, read_explanation]
)
@pytest.mark.parametrize("first", [1, 2, 3])  # with or without the second file at the start and after it
def test_a_reader_sees_one_version_whole(standin, s3_endpoint, read: Callable[[World], list[str]], first):
    world = World(standin, s3_endpoint)
    restating = Restating(world, first)
    with connection.execute_wrapper(restating):
        versions = set(read(world))
    assert restating.number > first, "nothing came between"
    assert len(versions) == 1
    assert first <= int(versions.pop()) <= restating.number
