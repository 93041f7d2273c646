"""One account's run on all workers keeps no other account waiting, and no mail."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Account, User
from ingestion.models import Run
from ingestion.services import create_run
from tests.environment import FOLDER
from tests.ingestion.world import World
from tests.standin import BUCKET, ROLE_ARN, make_endpoint
from tests.workers.conftest import PATIENCE, ask_for_sync, has_ended, wait_until

ROWS = [("2024-05-01", "core", "1.5")]
FILES = 200


@pytest.fixture
def world(standin, s3_endpoint) -> World:
    """An account's telemetry with very many files."""
    world = World(standin, s3_endpoint)
    for number in range(FILES):
        world.put(f"{number:03}.csv", ROWS, minute=number)
    return world


@pytest.fixture
def other(standin, s3_endpoint) -> World:
    """Another account's, with one."""
    endpoint = make_endpoint(Account.objects.create(name="Other", slug="other", s3_csv_telemetry=True))
    endpoint.role_arn = ROLE_ARN.replace("123456789012", "210987654321")
    endpoint.save()
    standin.add_role(endpoint.role_arn, external_id=endpoint.external_id, bucket=BUCKET)
    world = World(standin, endpoint)
    world.put("a.csv", ROWS, minute=0)
    return world


def occupy(world: World, queue, *, workers: int):
    """The run, and what holds as many workers as it has, each in a file of its own."""
    held = world.standin.hold("get", times=workers, name=world.prefix)
    run, _ = create_run(source=world.telemetry, trigger="scheduled", now=timezone.now())
    queue.send("run_sync", run_id=run.pk)
    assert held.reached.wait(PATIENCE)
    wait_until(lambda: run.helpers.count() == workers - 1, "the others help")
    taken = run.files.exclude(taken_by=None).values("taken_by").distinct()
    wait_until(lambda: taken.count() == workers, "each of them has taken files")
    return run, held


def test_a_sync_that_somebody_asked_for_and_a_mail_pass_by_a_run_on_all_nightly_workers(world, other, queue):
    User.objects.create_user("ada@acme.example", "a password of hers")
    mails = FOLDER / "mails"
    mails.mkdir(exist_ok=True)
    queue.start_worker("nightly", concurrency=2, RUN_HELPERS="1")
    queue.start_worker("mail", "interactive", EMAIL_URL=f"filemail:///{mails}", SITE_URL="https://testserver")
    run, held = occupy(world, queue, workers=2)
    asked = ask_for_sync(other.telemetry)
    queue.send("run_requested_sync", run_id=asked.pk)
    queue.send_mail(email="ada@acme.example")
    wait_until(lambda: has_ended(asked), "the other account's sync ends")
    wait_until(lambda: list(mails.iterdir()), "the mail is sent")
    assert not has_ended(run)
    held.release()
    assert asked.state == Run.State.SUCCEEDED
    wait_until(lambda: has_ended(run), "the large run ends")
    assert (run.state, run.files_read) == (Run.State.SUCCEEDED, FILES)


def test_helpers_on_all_workers_leave_for_another_accounts_nightly_run(world, other, queue):
    queue.start_worker(concurrency=2, RUN_HELPERS="1")
    run, held = occupy(world, queue, workers=2)
    waiting, _ = create_run(source=other.telemetry, trigger="scheduled", now=timezone.now())
    queue.send("run_sync", run_id=waiting.pk)
    held.release()
    wait_until(lambda: has_ended(run) and has_ended(waiting), "both end")
    assert waiting.finished_at < run.finished_at
    assert (run.files_read, waiting.state) == (FILES, Run.State.SUCCEEDED)
