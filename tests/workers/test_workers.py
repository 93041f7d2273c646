"""Workers, their children, schedulers and Redis die in mid-run: the run ends, once, and the data are right.

One module: its tests share one queue, so one process runs them one after the other.
"""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest
from django.utils import timezone

from ingestion.models import Run
from telemetry.models import Telemetry
from tests.ingestion.world import World
from tests.workers.conftest import PATIENCE, ask_for_sync, find_children, has_ended, kill_all, wait_until

SHORT_LEASE = {"RUN_HEARTBEAT_SECONDS": "1"}
A, B = [("2024-05-01", "core", "1.5")], [("2024-05-01", "web", "2"), ("2024-05-02", "web", "-1")]


@pytest.fixture
def world(standin, s3_endpoint) -> World:
    """Two files, still to be synced."""
    world = World(standin, s3_endpoint)
    world.put("a.csv", A, minute=0)
    world.put("b.csv", B, minute=0)
    return world


def check(world: World, run: Run) -> None:
    """The run has ended once and well, and what is stored is right."""
    assert run.state == Run.State.SUCCEEDED_WITH_REJECTS
    assert Run.objects.filter(source=world.telemetry).count() == 1
    world.look()
    world.check_everything_is_in(run)


def test_a_task_delivered_four_times_at_once_is_done_once(world, queue):
    held = world.standin.hold("get", name="b.csv")
    run = ask_for_sync(world.telemetry)
    queue.start_worker(concurrency=4)
    for _ in range(4):
        queue.send("run_sync", run_id=run.pk)
    assert held.reached.wait(PATIENCE)
    wait_until(lambda: queue.redis.hlen("unacked") == 1, "the other three find nothing to do")
    held.release()
    wait_until(lambda: has_ended(run), "the run ends")
    check(world, run)
    assert run.attempts == 1
    assert world.standin.count("get") == 2


def test_a_killed_childs_run_goes_on_where_it_was(world, queue):
    held = world.standin.hold("get", name="b.csv")
    run = ask_for_sync(world.telemetry)
    worker = queue.start_worker(**SHORT_LEASE)
    queue.send("run_sync", run_id=run.pk)
    assert held.reached.wait(PATIENCE)
    wait_until(lambda: run.files.filter(state="read").exists(), "the first file is in")
    [child] = find_children(worker)
    os.kill(child, signal.SIGKILL)
    queue.recover(run)
    check(world, run)
    assert worker.poll() is None, "the worker lives on"
    assert world.standin.count("get") == 2, "what was in is read again (the held request has no answer)"


def test_a_killed_workers_run_goes_on_in_another(world, queue):
    held = world.standin.hold("get", name="b.csv")
    run = ask_for_sync(world.telemetry)
    worker = queue.start_worker(**SHORT_LEASE)
    queue.send("run_sync", run_id=run.pk)
    assert held.reached.wait(PATIENCE)
    wait_until(lambda: run.files.filter(state="read").exists(), "the first file is in")
    kill_all(worker)
    queue.start_worker(**SHORT_LEASE)
    queue.recover(run)
    check(world, run)
    assert queue.redis.hlen("unacked"), "nobody waits for Redis to give the dead one's message to another"


def test_redis_emptied_in_mid_run_costs_nothing_but_a_delay(world, queue, standin, s3_endpoint):
    held = world.standin.hold("get", name="b.csv")
    run = ask_for_sync(world.telemetry)
    queue.start_worker(**SHORT_LEASE)
    queue.send("run_sync", run_id=run.pk)
    assert held.reached.wait(PATIENCE)
    other = World(standin, s3_endpoint)
    other.put("a.csv", A, minute=0)
    waiting = ask_for_sync(other.telemetry)
    queue.send("run_sync", run_id=waiting.pk)
    Run.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    queue.redis.flushdb()
    held.release()
    wait_until(lambda: has_ended(run), "the run that was going on ends")
    check(world, run)
    queue.recover(waiting)  # whose message is gone, sent by a client that was connected before
    assert waiting.state == Run.State.SUCCEEDED


def test_two_schedulers_start_a_days_sync_once(world, queue):
    Telemetry.objects.update(created_at=timezone.now() - timedelta(days=2))
    queue.start_worker(concurrency=2)
    for name in "ab":
        queue.start_scheduler(name)
    runs = Run.objects.filter(source=world.telemetry)
    wait_until(lambda: runs.exclude(finished_at=None).exists(), "the daily sync has been")
    for _ in range(4):  # behind whatever the schedulers had sent by then
        queue.send("start_due_syncs")
    wait_until(queue.is_idle, "the queue is worked off")
    run = runs.get()
    assert run.trigger == Run.Trigger.SCHEDULED
    check(world, run)
    assert world.standin.count("get") == 2
