"""The calls of bench.inside: the same functions that the web process, the workers and the scheduler call."""

from __future__ import annotations

import time
import uuid
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.sampling import Sampler
from config.celery import app
from endpoints.models import S3Endpoint
from endpoints.storage import open_bucket
from ingestion.models import Run
from ingestion.services import create_run, request_sync
from ingestion.work import execute_run
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.sampling import get_sample

PATIENCE = 600  # seconds for workers and runs


def list_everything() -> dict:
    """List every telemetry's files once: the stand-in knows their ETags from then on."""
    endpoint = S3Endpoint.objects.first()
    return {} if endpoint is None else {"objects": sum(map(len, open_bucket(endpoint).list_pages("")))}


def sync_by_workers(account: str, workers: str) -> dict:
    """Seconds from asking for a sync to its run's end, carried out by workers that wait for it already."""
    deadline = time.monotonic() + PATIENCE
    while len(app.control.ping(timeout=0.5)) < int(workers):
        _check(deadline, f"{workers} workers")
    run = request_sync(source=_get_telemetry(account), trigger=Run.Trigger.MANUAL, now=timezone.now())
    while run.finished_at is None:
        time.sleep(0.02)
        _check(deadline, "the run to end")
        run.refresh_from_db()
    if run.state != Run.State.SUCCEEDED:
        raise RuntimeError(f"{run.state}: {run.message}")
    readers = run.files.values("taken_by").distinct().count()
    return {"seconds": (run.finished_at - run.created_at).total_seconds(), "readers": readers}


def preview(account: str) -> dict:
    """Read a sample as the wizard's preview does."""
    endpoint = S3Endpoint.objects.get(account__slug=account)
    started = time.perf_counter()
    draft = TelemetryDraft(public_id=uuid.uuid4(), sampled=[], user=get_user_model()())
    sample = get_sample(draft=draft, endpoint=endpoint, prefix=f"{account}/")
    return {"seconds": time.perf_counter() - started, "rows": len(sample.rows)}


def sync_nothing_new(account: str, times: str) -> dict:
    """Milliseconds of a sync that finds nothing new, and of its list calls alone, one after the other."""
    telemetry = _get_telemetry(account)
    syncs, lists, cpu = [], [], []
    for _ in range(int(times) + 1):
        started, used = time.perf_counter(), time.process_time()
        run, _created = create_run(source=telemetry, trigger=Run.Trigger.COMMAND, now=timezone.now())
        execute_run(run_id=run.pk, clock=timezone.now)
        syncs.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
        run.refresh_from_db()
        if run.files_planned:
            raise RuntimeError(f"{run.files_planned} files were read again")
        started = time.perf_counter()
        bucket = open_bucket(telemetry.endpoint, prefix=telemetry.prefix)
        pages = sum(1 for _ in bucket.list_pages(telemetry.full_prefix))
        lists.append(time.perf_counter() - started)
    del syncs[0], lists[0], cpu[0]  # the first assumes the role and opens the connections
    return {
        "sync_ms": round(median(syncs) * 1000, 2),
        "list_ms": round(median(lists) * 1000, 2),
        "work_ms": round((median(syncs) - median(lists)) * 1000, 2),
        "cpu_ms": round(median(cpu) * 1000, 2),  # of the sync, list calls included
        "list_calls": pages,
        "times": len(syncs),
    }


def sync_new_files(account: str, folder: str, times: str) -> dict:
    """Milliseconds of a sync that finds one new file, of a new day and a hundred rows, and its statements."""
    telemetry = _get_telemetry(account)
    syncs, cpu, statements = [], [], 0
    for number in range(int(times) + 1):
        day = date(2031, 1, 1) + timedelta(number)
        lines = "".join(f"{day},team-{index},env-1,feature-1,{index}\n" for index in range(100))
        file = Path(folder) / f"{day}.csv"
        file.write_text(f"date,team,environment,feature,{telemetry.metric_column}\n{lines}", encoding="utf-8")
        with CaptureQueriesContext(connection) as queries:
            started, used = time.perf_counter(), time.process_time()
            run, _created = create_run(source=telemetry, trigger=Run.Trigger.COMMAND, now=timezone.now())
            execute_run(run_id=run.pk, clock=timezone.now)
            syncs.append(time.perf_counter() - started)
            cpu.append(time.process_time() - used)
        statements = len(queries)
    return {
        "sync_ms": round(median(syncs[1:]) * 1000, 2),
        "cpu_ms": round(median(cpu[1:]) * 1000, 2),
        "statements": statements,
        "times": int(times),
    }


def sync_under_watch(account: str) -> dict:
    """A sync, and where each of its threads was at work."""
    telemetry = _get_telemetry(account)
    run, _created = create_run(source=telemetry, trigger=Run.Trigger.COMMAND, now=timezone.now())
    with Sampler() as sampler:
        execute_run(run_id=run.pk, clock=timezone.now)
    return {"samples": sampler.samples, "threads": sampler.shares()}


def sign_in(email: str) -> dict:
    """A session of that person, as the browser holds it."""
    client = Client()
    client.force_login(get_user_model().objects.get(email=email))
    return {"cookie": client.cookies.output(header="", sep=";").split(";")[0].strip()}


def _get_telemetry(account: str) -> Telemetry:
    return Telemetry.objects.select_related("endpoint").get(account__slug=account)


def _check(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise RuntimeError(f"waited {PATIENCE} s for {what}")


CALLS = {
    "nothing": dict,  # what a process with our settings takes that does nothing
    "list": list_everything,
    "sync-by-workers": sync_by_workers,
    "preview": preview,
    "sign-in": sign_in,
    "new-files": sync_new_files,
    "where": sync_under_watch,
    "nothing-new": sync_nothing_new,
}
