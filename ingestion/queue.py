"""Messages to the workers. One that is lost costs a delay: the run table says what is to be done."""

from __future__ import annotations

from standby import queue


def send(task: str, *, run_id: int) -> bool:
    """Put a task of `ingestion.tasks` on the queue; False where the queue is away, and the schedule will."""
    return queue.send(f"ingestion.tasks.{task}", run_id=run_id)
