from __future__ import annotations

from standby import queue


def send_removal(*, account_id: int, export: bool) -> bool:
    """Have a worker remove the account; whether the queue took the message."""
    return queue.send("offboarding.tasks.remove_account", account_id=account_id, export=export)
