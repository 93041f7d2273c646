"""Messages to the workers. One that is lost costs a delay: the run table says what is to be done."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)


def send(task: str, *, run_id: int) -> None:
    """Put a task of `ingestion.tasks` on the queue; where the queue is down, say so in the log and go on."""
    from kombu.exceptions import OperationalError  # with the app: most commands send nothing

    try:
        import_string(settings.CELERY_APP).send_task(
            f"ingestion.tasks.{task}", kwargs={"run_id": run_id}, retry=False
        )
    except OperationalError as error:
        log.error("message not sent", task=task, run=run_id, error=str(error))
