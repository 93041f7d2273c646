"""`manage.py check` refuses settings of the work queue under which work would be lost or done twice."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.checks import Error, register


@register
def check_queue(app_configs: Any = None, *, config: ModuleType | None = None, **_kwargs: Any) -> list[Error]:
    """The rules between the time limits, and what makes a worker's death harmless."""
    if config is None:
        config = import_module("config.queue")  # not by commands that have no use for the queue
    return [*_check_times(config), *_check_delivery(config), *_check_queues(config)]


def _check_times(config: ModuleType) -> Iterator[Error]:
    soft, hard = config.task_soft_time_limit, config.task_time_limit
    if settings.RUN_SHORT_TURN_SECONDS > settings.RUN_TURN_SECONDS:
        yield Error(
            f"A run's short turn ({settings.RUN_SHORT_TURN_SECONDS} s) is longer than its turn "
            f"({settings.RUN_TURN_SECONDS} s): accounts that wait would gain nothing by it.",
            hint="Lower RUN_SHORT_TURN_SECONDS to a minute or so.",
            id="denominator.E005",
        )
    if not settings.RUN_TURN_SECONDS < soft < hard:
        yield Error(
            f"A run's turn ({settings.RUN_TURN_SECONDS} s) must end before the soft time limit ({soft} s), "
            f"and that before the hard one ({hard} s): a run would be killed before it hands itself on.",
            hint="Lower RUN_TURN_SECONDS or raise TASK_TIME_LIMIT_SECONDS.",
            id="denominator.E001",
        )
    if not config.broker_url.startswith("redis"):  # messages in a folder are delivered once
        return
    options = config.broker_transport_options
    visible = options["visibility_timeout"]
    sweep = options["unacked_restore_interval"] * options["unacked_restore_throttle"]
    if visible <= hard + sweep:
        yield Error(
            f"Redis gives a task to a second worker after {visible} s, while the first may work on it for "
            f"{hard} s (and Redis looks every {sweep} s).",
            hint=f"Raise TASK_VISIBILITY_TIMEOUT_SECONDS above {hard + sweep}.",
            id="denominator.E002",
        )


def _check_queues(config: ModuleType) -> Iterator[Error]:
    """A message in a queue that no documented worker reads is lost; a mail behind syncs comes hours late."""
    known = {queue.name for queue in config.task_queues}
    used = {config.task_default_queue, *(route["queue"] for route in config.task_routes.values())}
    documented = {config.MAIL, config.INTERACTIVE, config.NIGHTLY}
    if not used | documented <= known or len(documented) < 3 or known - documented:
        yield Error(
            f"config/queue.py: tasks go to the queues {', '.join(sorted(used))}, and workers read "
            f"{', '.join(sorted(known))}: each must be one of {', '.join(sorted(documented))}.",
            hint="docs/deployment.md has the workers, docs/decisions/0031 why there are three queues.",
            id="denominator.E004",
        )


def _check_delivery(config: ModuleType) -> Iterator[Error]:
    wanted = {"task_acks_late": True, "task_reject_on_worker_lost": True, "worker_prefetch_multiplier": 1}
    for name, value in wanted.items():
        if getattr(config, name, None) != value:
            yield Error(
                f"config/queue.py: {name} must be {value}, or a worker that dies takes its tasks with it.",
                hint="docs/decisions/0010-what-a-worker-may-lose.md says why.",
                id="denominator.E003",
            )
