"""What may happen to a sync while it goes on: a failing S3, another sync, a bucket that changes under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier, Thread
from unittest.mock import patch

from django.db import connections

from endpoints import storage
from ingestion.models import Run
from ingestion.services import create_run
from ingestion.work import execute_run, help_run
from tests.ingestion.world import LEASE, World

KINDS = ("deny", "slow_down", "server_error", "hang", "stall", "reset", "damage")

SHORT = 0.3  # seconds


def fail(world: World, *, operation: str, kind: str, times: int, after_bytes: int) -> Run:
    """A run during which S3 fails: for a while, or for good."""
    name = world.prefix if operation != "assume" else ""
    with sdk_that_waits(SHORT if kind in ("hang", "stall") else storage.READ_TIMEOUT):
        world.standin.fail(operation, kind, times=times, after_bytes=after_bytes, name=name)
        try:
            return world.run()
        finally:
            world.standin.clear_faults()


@contextmanager
def sdk_that_waits(seconds: float) -> Iterator[None]:
    """Clients, and roles to be assumed, that are new within; they wait so long for an answer."""
    storage.clear_sessions()
    try:
        with patch.object(storage, "READ_TIMEOUT", seconds):
            yield
    finally:
        storage.clear_sessions()


def change_under(world: World, change: Callable[[], None], *, after: str, broken: bool) -> Run:
    """A run under which the bucket changes: after it was listed, or between two ranged reads of a file."""
    if broken:  # the connection breaks, so the rest is asked for: by then it is another version
        world.standin.fail("get", "reset", times=1, after_bytes=20, name=world.prefix)
    world.standin.after(after, change)
    try:
        return world.run()
    finally:
        world.standin.clear_faults()


def sync_twice(world: World, *, overtaken: bool) -> None:
    """Two syncs at the same time, each to its end.

    `overtaken`: the second one's clock is past the lease, so it takes the first for dead, which it is not.
    """
    world.now += LEASE
    later = world.now + (LEASE if overtaken else timedelta())
    together = Barrier(2, timeout=30)
    failures: list[BaseException] = []
    threads = [Thread(target=_sync, args=(world, now, together, failures)) for now in (world.now, later)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads), "a sync does not end"
    world.now = later
    world.look()


def _sync(world: World, now: datetime, together: Barrier, failures: list[BaseException]) -> None:
    """What the command does: a run of our own, after helping the one that goes on."""
    try:
        together.wait()
        while not failures:
            run, _ = create_run(source=world.telemetry, trigger="command", now=now)
            execute_run(run_id=run.pk, clock=lambda: now)
            help_run(run_id=run.pk, clock=lambda: now)
            run.refresh_from_db()
            if run.state not in Run.ACTIVE_STATES:
                return
    except BaseException as error:  # noqa: BLE001 - for the test to raise
        failures.append(error)
    finally:
        connections.close_all()
