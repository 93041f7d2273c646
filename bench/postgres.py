"""PostgreSQL's own CPU, where it runs on this machine: of all its processes, also those that have ended.

Whoever else uses the server meanwhile is counted too.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from bench.world import psql

_TICKS = os.sysconf("SC_CLK_TCK")


def find_postmaster() -> int | None:
    """The process id of the server; None where it runs elsewhere."""
    pid = psql("SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)", server=True)
    name = Path(f"/proc/{pid}/comm")
    local = name.exists() and "postgres" in name.read_text()
    return int(pid) if local else None


def read_cpu(parent: int | None) -> float:
    """Seconds so far of a process and all children that it ever had; 0 where nobody can tell."""
    if parent is None:
        return 0.0
    live = sum(sum(_times(pid)[:2]) for pid in [parent, *_children(parent)])
    return (live + sum(_times(parent)[2:])) / _TICKS


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def _times(pid: int) -> tuple[int, int, int, int]:
    """utime, stime, and those of the children that were waited for."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return tuple(int(field) for field in fields[11:15])
    return (0, 0, 0, 0)
