"""Syncs in real processes that are killed by SIGKILL, for tests that ask what is left of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from tests.processes import ROOT, make_environment


@dataclass(frozen=True, slots=True)
class End:
    """How a sync ended; `boundaries` is how often it came to the moment before or after a commit."""

    killed: bool
    boundaries: int


class Killer:
    """Carries out syncs in processes of their own, and kills them when asked to."""

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.ingestion.killed_sync"],
            cwd=ROOT,
            env=make_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.stdin.close()
        self._server.wait(timeout=30)
        self._server.stdout.close()

    def sync(self, *, telemetry_id: int, now: datetime, kill_at: int = 0) -> End:
        """Sync in a process that dies at the `kill_at`th moment before or after a commit (0: lives)."""
        order = {"telemetry_id": telemetry_id, "now": now.isoformat(), "kill_at": kill_at}
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        return End(**json.loads(self._server.stdout.readline()))
