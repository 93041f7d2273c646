"""Starts and ends the demo: the sample, the company, and the server processes."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.utils import timezone

from commandline.command import Failure
from demo.company import EMAIL, open_company
from demo.environment import demo_dir, keep_secret, point_at_stand_in
from demo.processes import LOOK_EVERY, Processes, find_free_port, wait_for_answer
from demo.sample import BUCKET, write_sample
from endpoints.models import S3Endpoint
from endpoints.services import CannotTestNow, run_endpoint_test

FIRST_PORT = 8000
FIRST_STAND_IN_PORT = 9100
ANSWER_WITHIN = 60.0  # seconds


class Demo:
    """Use as a context manager: `start`, then `serve` until a signal; leaving it ends every process."""

    def __init__(self, *, output: TextIO) -> None:
        self.folder = demo_dir()
        self._output = output
        self._written_for: date | None = None
        self._lock = (self.folder / "lock").open("a")
        self._processes = Processes(output=output, folder=settings.BASE_DIR)

    def __enter__(self) -> Demo:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                f"A demo with the folder {self.folder} runs already. "
                "Use that one, end it with Ctrl-C, or set DEMO_DIR to another folder."
            ) from None
        return self

    def __exit__(self, *_exc: object) -> None:
        self._processes.stop()
        self._lock.close()

    def start(self) -> dict[str, str]:
        """Prepare everything, start it and wait until it answers. Returns url, email and password."""
        password = keep_secret(self.folder / "password", nbytes=9)
        self._say("Preparing the database, the sample files and the pages ...")
        call_command("migrate", interactive=False, verbosity=0)
        if are_static_files_stale():
            call_command("collectstatic", interactive=False, verbosity=0)
        self._grow_sample()
        self._start_stand_in(open_company(password=password))
        url = self._start_product()
        return {"url": url, "email": EMAIL, "password": password}

    def serve(self) -> None:
        """Go on until a child dies (raises ChildDied) or the caller is interrupted."""
        while True:
            time.sleep(LOOK_EVERY)
            self._processes.check()
            self._grow_sample()

    def _grow_sample(self) -> None:
        today = timezone.now().date()
        if today != self._written_for:
            write_sample(bucket=self.folder / "s3" / BUCKET, today=today)
            self._written_for = today

    def _start_stand_in(self, endpoint: S3Endpoint) -> None:
        roles = self.folder / "roles.json"
        roles.write_text(json.dumps(list_roles(endpoint)), encoding="utf-8")
        port = find_free_port(first=FIRST_STAND_IN_PORT)
        buckets = str(self.folder / "s3")
        files = ("--folder", buckets, "--role-file", str(roles), "--learn-for", BUCKET)
        self._start("s3", "demo.standin", "--port", str(port), *files)
        point_at_stand_in(port=port)
        self._wait_for(f"http://127.0.0.1:{port}/")
        with suppress(CannotTestNow):  # a demo that was killed in the middle of it
            run_endpoint_test(endpoint=endpoint, now=timezone.now())

    def _start_product(self) -> str:
        port = find_free_port(first=FIRST_PORT)
        if port != FIRST_PORT:
            self._say(f"Port {FIRST_PORT} is taken; this demo answers on port {port}.")
        address = f"127.0.0.1:{port}"
        os.environ["SITE_URL"] = f"http://{address}"  # of the processes started from here on
        self._start(
            "web", "gunicorn", "--bind", address, "--threads", "4", "--no-control-socket", "config.wsgi"
        )
        celery = ("celery", "--quiet", "-A", "config")
        alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        worker = (*celery, "worker", "--concurrency", "1", *alone)
        self._start("worker", *worker, "-n", "nightly@%h", "-Q", "nightly")
        self._start("worker for people", *worker, "-n", "people@%h", "-Q", "mail,interactive")
        self._start("scheduler", *celery, "beat")
        url = f"http://{address}/"
        self._wait_for(f"{url}healthz")
        return url

    def _start(self, name: str, module: str, *arguments: str) -> None:
        self._processes.start(name, [sys.executable, "-m", module, *arguments])

    def _wait_for(self, url: str) -> None:
        """Until something answers there, whatever it says."""
        if not wait_for_answer(url, seconds=ANSWER_WITHIN, check=self._processes.check):
            raise Failure(
                f"{url} did not answer within {ANSWER_WITHIN:.0f} seconds. The lines above say why."
            )

    def _say(self, text: str) -> None:
        print(text, file=self._output, flush=True)


def list_roles(endpoint: S3Endpoint) -> list[dict[str, str]]:
    """The stand-in's roles: of the demo's own endpoint, and of those that people have added to its bucket.

    Their roles are learned when they are tested (demo.standin.roles), and forgotten with the process.
    """
    added = S3Endpoint.objects.for_account(endpoint.account).filter(bucket=BUCKET).exclude(pk=endpoint.pk)
    passed = added.filter(test_state=S3Endpoint.TestState.PASSED).order_by("pk")
    by_arn: dict[str, S3Endpoint] = {}
    for one in (endpoint, *passed):
        by_arn.setdefault(one.role_arn, one)
    return [
        {
            "arn": one.role_arn,
            "external_id": one.external_id,
            "bucket": one.bucket,
            "prefix": endpoint.path_prefix if one == endpoint else "",
        }
        for one in by_arn.values()
    ]


def are_static_files_stale() -> bool:
    """Whether a source of the static files is newer than what was collected, or nothing was."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        return True
    collected_at = manifest.stat().st_mtime
    return any(
        Path(storage.path(name)).stat().st_mtime > collected_at
        for finder in get_finders()
        for name, storage in finder.list([])
    )
