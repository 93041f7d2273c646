"""All that people and workers do with one telemetry, at once: no deadlock, no failed run, and in the end the
data of a fresh import.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from threading import Event, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from ingestion.models import Run
from ingestion.scope import EVERYTHING
from ingestion.services import activate, activate_and_catch_up, create_run, deactivate, recover_lost_runs
from ingestion.work import execute_run, help_run
from telemetry.mapping_changes import Change, as_options
from telemetry.models import Telemetry
from telemetry.selectors import list_dimensions
from telemetry.services import update_telemetry
from telemetry.wizard.services import discard_draft, start_draft
from tests.ingestion.world import World

ROUNDS = 20
chance = Random(5)  # noqa: S311 - what it is good for
TEAMS = ("core", "web", "data")


class Crowd:
    """Threads that do one thing each, over and over, until each has done it ROUNDS times."""

    def __init__(self, world: World, user: User) -> None:
        self.world, self.user, self.errors = world, user, []
        self._stopped = Event()

    def work(self, acts: list[Callable[[], None]]) -> None:
        threads = [Thread(target=self._repeat, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        assert not self.errors, self.errors
        assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"

    def _repeat(self, act: Callable[[], None]) -> None:
        try:
            for _ in range(ROUNDS):
                if not self._stopped.is_set():
                    act()
        except Exception as error:  # noqa: BLE001 - for the test to raise
            self.errors.append((act.__name__, error))
            self._stopped.set()
        finally:
            connections.close_all()

    # --- what is done ---
    def sync(self) -> None:
        self._run()

    def read_again(self) -> None:
        self._run(scope=EVERYTHING)

    def preview(self) -> None:
        self._run(is_preview=True, scope=EVERYTHING)

    def change(self) -> None:
        telemetry = self._get()
        dimensions = () if list_dimensions(telemetry=telemetry) else ("team",)
        overlap = {"newest": "add", "add": "newest"}[telemetry.overlap]
        change = chance.choice([Change(telemetry, dimensions), Change(telemetry, overlap=overlap)])
        self._run(**as_options(change))

    def switch(self) -> None:
        deactivate(source=self._get())
        run = activate_and_catch_up(source=self._get(), now=timezone.now())
        self._carry_out(run)

    def edit(self) -> None:
        update_telemetry(
            telemetry=self._get(),
            name="World",
            description=str(chance.random()),
            max_rejected_percent=None,
        )

    def drop_drafts(self) -> None:
        draft = start_draft(account=self.world.telemetry.account, user=self.user, now=timezone.now())
        discard_draft(draft=draft)

    def recover(self) -> None:
        recover_lost_runs(now=timezone.now())

    def put(self) -> None:
        number = chance.randrange(6)
        rows = [(f"2024-05-0{day}", chance.choice(TEAMS), str(chance.randrange(9))) for day in (1, 2, 3)]
        self.world.put(f"{number}.csv", rows, minute=chance.randrange(60))

    def _run(self, **options: object) -> None:
        try:
            run, _ = create_run(source=self._get(), trigger="manual", now=timezone.now(), **options)
        except (ValidationError, Run.DoesNotExist):  # inactive for the moment, or changed by another one
            return
        self._carry_out(run)

    def _carry_out(self, run: Run) -> None:
        execute_run(run_id=run.pk, clock=timezone.now)
        help_run(run_id=run.pk, clock=timezone.now)

    def _get(self) -> Telemetry:
        return Telemetry.objects.select_related("endpoint", "account").get(pk=self.world.telemetry.pk)


def count_deadlocks() -> int:
    """Those that PostgreSQL has broken in this database; SQLite lets one writer in at a time."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_everything_at_once_on_one_telemetry_ends_well(standin, s3_endpoint):
    world, user = World(standin, s3_endpoint), User.objects.create_user("ada@acme.example")
    crowd = Crowd(world, user)
    for _ in range(6):
        crowd.put()
    before = count_deadlocks()
    crowd.work(
        [
            *(crowd.sync, crowd.sync, crowd.read_again, crowd.preview, crowd.change),
            *(crowd.switch, crowd.switch, crowd.edit, crowd.drop_drafts, crowd.recover, crowd.put),
        ]
    )
    failed = Run.objects.filter(state="failed").exclude(message__contains="was deactivated")
    assert list(failed.values_list("message", flat=True)) == []
    assert count_deadlocks() == before
    check_data(world)


def check_data(world: World) -> None:
    """Those of a fresh import, by the mapping that the model knows."""
    world.telemetry.refresh_from_db()
    activate(source=world.telemetry)
    world.now = timezone.now()
    while world.telemetry.runs.filter(state__in=Run.ACTIVE_STATES).exists():
        world.run(check=False)
    held = list_dimensions(telemetry=world.telemetry), world.telemetry.overlap
    if held != (["team"], "newest"):
        change = Change(
            world.telemetry,
            ("team",) if held[0] != ["team"] else None,
            "newest" if held[1] != "newest" else None,
        )
        run, _ = create_run(source=world.telemetry, trigger="manual", now=world.now, **as_options(change))
        assert execute_run(run_id=run.pk, clock=lambda: world.now)
        world.telemetry.refresh_from_db()
    world.sync()
    world.check_nothing_left_over()
