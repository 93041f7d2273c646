"""`manage.py check` refuses settings of the work queue under which work would be lost or done twice."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from celery import Celery
from django.core.cache import caches
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from kombu import Queue

from config import queue
from config.caches import OwnKeysCache
from config.celery import app
from config.checks import check_queue
from tests.processes import ROOT, make_environment

REDIS = {"visibility_timeout": 14_400, "unacked_restore_interval": 10, "unacked_restore_throttle": 1}


def check(**changes: object) -> list[str]:
    """The ids of the errors under the queue's own settings with Redis, but for `changes`."""
    names = ("task_acks_late", "task_reject_on_worker_lost", "worker_prefetch_multiplier")
    names += ("task_queues", "task_default_queue", "task_routes", "MAIL", "INTERACTIVE", "NIGHTLY")
    values = {"broker_url": "redis://127.0.0.1:6379/0", "broker_transport_options": REDIS}
    values |= {name: getattr(queue, name) for name in (*names, "task_time_limit", "task_soft_time_limit")}
    return [error.id for error in check_queue(config=SimpleNamespace(**values | changes))]


def test_the_settings_as_they_are_pass():
    assert check() == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"task_soft_time_limit": 10_800}, "denominator.E001"),
        ({"task_soft_time_limit": 3_600}, "denominator.E001"),  # a turn is as long
        ({"task_time_limit": 14_400}, "denominator.E002"),
        ({"task_time_limit": 14_390}, "denominator.E002"),  # the sweep comes just too early
        ({"broker_transport_options": REDIS | {"visibility_timeout": 3_600}}, "denominator.E002"),
        ({"broker_transport_options": REDIS | {"unacked_restore_throttle": 400}}, "denominator.E002"),
        ({"task_acks_late": False}, "denominator.E003"),
        ({"task_reject_on_worker_lost": False}, "denominator.E003"),
        ({"worker_prefetch_multiplier": 4}, "denominator.E003"),
        ({"task_default_queue": "celery"}, "denominator.E004"),
        ({"task_queues": queue.task_queues[1:]}, "denominator.E004"),
        ({"task_queues": [*queue.task_queues, Queue("more")]}, "denominator.E004"),
        ({"MAIL": "nightly"}, "denominator.E004"),
    ],
)
def test_settings_that_lose_or_double_work_are_refused(changes, error):
    assert check(**changes) == [error]


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("accounts.tasks.send_password_reset", "mail"),
        ("accounts.tasks.clear_expired_sessions", "interactive"),
        ("ingestion.tasks.run_requested_sync", "interactive"),
        ("ingestion.tasks.start_due_syncs", "interactive"),
        ("ingestion.tasks.recover_lost_runs", "interactive"),
        ("ingestion.tasks.run_sync", "nightly"),
        ("ingestion.tasks.help_run", "nightly"),
    ],
)
def test_every_task_has_its_queue(task, name):
    assert app.amqp.router.route({}, task)["queue"].name == name


def test_a_short_turn_is_shorter_than_a_turn(settings):
    settings.RUN_SHORT_TURN_SECONDS = settings.RUN_TURN_SECONDS + 1
    assert check() == ["denominator.E005"]


def test_manage_py_check_fails_with_the_remedy(settings):
    settings.RUN_TURN_SECONDS = 20_000
    with pytest.raises(SystemCheckError, match="Lower RUN_TURN_SECONDS or raise TASK_TIME_LIMIT_SECONDS"):
        call_command("check")


def test_clearing_the_cache_leaves_the_queue_alone():
    cache = caches["default"]
    if not isinstance(cache, OwnKeysCache):
        pytest.skip("Without Redis the cache is a folder of its own (TEST_REDIS_URL).")
    queue_client = cache._cache.get_client(None, write=True)
    queue_client.lpush("celery-of-this-test", "a message")
    cache.set("a-key", "a value")
    cache.clear()
    assert cache.get("a-key") is None
    assert queue_client.lrange("celery-of-this-test", 0, -1) == [b"a message"]
    queue_client.delete("celery-of-this-test")


def test_a_fresh_web_process_sends_by_our_queue_in_every_thread():
    program = (
        "import threading, config.wsgi\n"
        "from celery import current_app\n"
        "show = lambda: print(current_app.main, current_app.conf.task_default_queue)\n"
        "threading.Thread(target=show).start()"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=make_environment(), capture_output=True, text=True
    )
    assert answer.stdout.split() == ["denominator", "nightly"], answer.stderr


def test_the_queues_are_apart_in_a_folder_of_messages_too(tmp_path):
    """As without Redis, in the demo."""
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    client = Celery("tests", broker="filesystem://localhost", set_as_current=False)
    names = ("task_queues", "task_routes", "task_default_queue", "task_default_routing_key")
    client.conf.update({name: getattr(queue, name) for name in names})
    client.conf.broker_transport_options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
    }
    tasks = ("ingestion.tasks.run_sync", "ingestion.tasks.run_requested_sync", "accounts.tasks.send_mail")
    for task in tasks:
        client.send_task(task)
    with client.connection() as connection:
        found = {
            name: connection.channel().basic_get(name).headers["task"]
            for name in ("nightly", "interactive", "mail")
        }
    assert tuple(found.values()) == tasks
