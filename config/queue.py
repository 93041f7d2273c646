"""Celery's settings. `acks_late` with prefetch 1: a worker that dies gives its task back (docs/decisions)."""

from __future__ import annotations

from django.conf import settings
from kombu import Queue

timezone = "UTC"
task_ignore_result = True
task_serializer = "json"
accept_content = ["json"]
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False
broker_connection_retry_on_startup = True
# Three queues, so that short work does not wait behind long: mails; what people ask for, and short
# housekeeping; the rest. docs/deployment.md has a worker for each. A worker without `-Q` serves all three.
MAIL, INTERACTIVE, NIGHTLY = "mail", "interactive", "nightly"
task_queues = [Queue(name, routing_key=name) for name in (MAIL, INTERACTIVE, NIGHTLY)]
task_create_missing_queues = False
task_default_queue = task_default_routing_key = NIGHTLY
task_routes = {
    "accounts.tasks.send_*": {"queue": MAIL},
    "standby.tasks.send_*": {"queue": MAIL},
    "accounts.tasks.*": {"queue": INTERACTIVE},
    # In the queue of syncs, as long as it takes: "offboarding.tasks.remove_account".
    "ingestion.tasks.run_requested_sync": {"queue": INTERACTIVE},
    "ingestion.tasks.start_due_syncs": {"queue": INTERACTIVE},
    "ingestion.tasks.recover_lost_runs": {"queue": INTERACTIVE},
}
task_time_limit = settings.TASK_TIME_LIMIT_SECONDS
task_soft_time_limit = task_time_limit - 60

broker_transport_options: dict[str, int | str]
if settings.REDIS_URL:
    broker_url = settings.REDIS_URL
    # Above the hard time limit, or Redis hands a task that still runs to a second worker (config.checks).
    # It looks for such tasks every interval x throttle seconds.
    broker_transport_options = {
        "visibility_timeout": settings.TASK_VISIBILITY_TIMEOUT_SECONDS,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        # Otherwise a worker or the scheduler would wait for ever for a Redis that vanished.
        "socket_connect_timeout": 5,
        "socket_timeout": 30,
        "socket_keepalive": True,
    }
else:  # one machine without Redis: messages are files in a folder
    broker_url = "filesystem://localhost"
    _messages, _control = settings.QUEUE_DIR / "messages", settings.QUEUE_DIR / "control"
    for _folder in (_messages, _control):
        _folder.mkdir(parents=True, exist_ok=True)
    broker_transport_options = {
        "data_folder_in": str(_messages),
        "data_folder_out": str(_messages),
        "control_folder": str(_control),
    }

SENDING = {  # options of Redis for sending from a page: no retry, short timeouts
    "socket_connect_timeout": settings.REDIS_TIMEOUT_SECONDS,
    "socket_timeout": settings.REDIS_TIMEOUT_SECONDS,
    "retry_on_timeout": False,
    "max_retries": 0,
    "connect_retries_timeout": settings.REDIS_TIMEOUT_SECONDS,
}

beat_scheduler = "config.beat:Scheduler"
beat_schedule_filename = str(settings.VAR_DIR / "beat-schedule")
beat_schedule = {
    # Every minute, although a sync is daily: what is due is a question to the database (DAILY_SYNC_TIME), so
    # that two schedulers start nothing twice, and one that was down at the hour makes up for it.
    "daily sync": {"task": "ingestion.tasks.start_due_syncs", "schedule": 60.0},
    "prune": {"task": "commandline.tasks.prune", "schedule": 86_400.0},
    "send pending": {"task": "standby.tasks.send_pending", "schedule": 60.0},
    "recover lost runs": {"task": "ingestion.tasks.recover_lost_runs", "schedule": 60.0},
}
