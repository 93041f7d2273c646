from __future__ import annotations

import structlog
from django.conf import settings
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def send_removal(*, account_id: int, export: bool) -> bool:
    """Have a worker remove the account; whether the queue took the message."""
    try:
        import_string(settings.CELERY_APP).send_task(
            "offboarding.tasks.remove_account",
            kwargs={"account_id": account_id, "export": export},
            retry=False,
        )
    except OperationalError as error:
        log.error("message not sent", task="remove_account", account=account_id, error=str(error))
        return False
    return True
