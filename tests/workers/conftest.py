"""Real workers and schedulers on a real Redis, as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.utils import timezone

from config import queue as config
from ingestion.models import Run
from ingestion.services import create_run
from telemetry.models import Telemetry
from tests.environment import FOLDER
from tests.processes import ROOT, make_environment

PATIENCE = 60  # seconds until a condition holds; a loaded machine takes its time
QUEUES = (config.MAIL, config.INTERACTIVE, config.NIGHTLY)
QUIET = "ignore:You're running the worker with superuser"


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.05)


class Queue:
    """The queue as a client that was there before the workers, and its processes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.redis = redis.Redis.from_url(url)
        self._client = Celery("tests", broker=url)
        self._processes: list[subprocess.Popen] = []

    def send(self, task: str, **kwargs: object) -> None:
        queue = config.task_routes.get(f"ingestion.tasks.{task}", {"queue": config.NIGHTLY})["queue"]
        self._client.send_task(f"ingestion.tasks.{task}", kwargs=kwargs, retry=False, queue=queue)

    def send_mail(self, *, email: str) -> None:
        """What the page sends that was asked for a new password."""
        kwargs = {"email": email, "address": None, "agent": "a browser"}
        task = "accounts.tasks.send_password_reset"
        self._client.send_task(task, kwargs=kwargs, retry=False, queue=config.MAIL)

    def start_worker(self, *queues: str, concurrency: int = 1, **settings: str) -> subprocess.Popen:
        """Of these queues, or of all."""
        command = ["worker", "--concurrency", str(concurrency), "--without-gossip", "--without-mingle"]
        if queues:
            command += ["-Q", ",".join(queues), "-n", f"{'-'.join(queues)}@%h"]
        return self._start("config", *command, **settings)

    def start_scheduler(self, name: str) -> subprocess.Popen:
        return self._start("tests.workers.beating", "beat", "-s", str(FOLDER / f"beat-{name}"))

    def is_idle(self) -> bool:
        """Whether no message waits, and none is being worked on."""
        return not self.count_waiting() and not self.redis.hlen("unacked")

    def count_waiting(self) -> int:
        return sum(self.redis.llen(name) for name in QUEUES)

    def recover(self, run: Run) -> None:
        """What the scheduler does every minute, again and again until the run has ended."""

        def ended() -> bool:
            if has_ended(run):
                return True
            if not self.count_waiting():
                self.send("recover_lost_runs")
            return False

        wait_until(ended, "the run ends")

    def stop(self) -> None:
        for process in self._processes:
            kill_all(process)
        self.redis.flushdb()
        self._client.close()
        self.redis.close()

    def _start(self, app: str, *arguments: str, **settings: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "--quiet", "-A", app, *arguments],
            cwd=ROOT,
            env=make_environment(REDIS_URL=self.url, CACHE_URL="", PYTHONWARNINGS=QUIET, **settings),
            start_new_session=True,
        )
        self._processes.append(process)
        return process


def has_ended(run: Run) -> bool:
    run.refresh_from_db()
    return run.state not in Run.ACTIVE_STATES


def find_children(process: subprocess.Popen) -> list[int]:
    """The prefork children of a worker."""
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def kill_all(process: subprocess.Popen) -> None:
    """SIGKILL for the worker and its children at once."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def queue(standin, transactional_db) -> Iterator[Queue]:
    """An empty queue; what works on it is killed before the database is emptied."""
    url = os.environ.get("TEST_QUEUE_URL")
    if not (url and os.environ.get("TEST_DATABASE_URL")):
        pytest.skip("needs PostgreSQL and a Redis database of its own: TEST_DATABASE_URL, TEST_QUEUE_URL")
    opened = Queue(url)
    opened.redis.flushdb()
    yield opened
    opened.stop()


def ask_for_sync(telemetry: Telemetry) -> Run:
    """A run whose message is still to be sent."""
    run, created = create_run(source=telemetry, trigger=Run.Trigger.MANUAL, now=timezone.now())
    assert created
    return run
