"""A part of a core for a process: on few cores, what more and slower ones would do. By cgroups, as root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PERIOD = 10_000  # microseconds
_GROUPS = Path("/sys/fs/cgroup")


@contextmanager
def core_of(share: float, *, name: str) -> Iterator[list[str]]:
    """What to put before a command, so that it and its children never have more than this share of a core.

    Raises OSError where this machine has no such groups or does not let us have one.
    """
    group = _find_controller() / f"denominator-bench-{os.getpid()}-{name}"
    group.mkdir()
    try:
        _set_quota(group, int(share * _PERIOD))
        yield ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs")]
    finally:
        group.rmdir()  # its processes have ended


def can_hold() -> bool:
    try:
        with core_of(1, name="try"):
            return True
    except OSError:
        return False


def _find_controller() -> Path:
    if (_GROUPS / "cpu" / "cpu.cfs_quota_us").exists():  # version 1
        return _GROUPS / "cpu"
    controllers = _GROUPS / "cgroup.subtree_control"
    if controllers.exists() and "cpu" in controllers.read_text().split():
        return _GROUPS
    raise OSError("no cgroups for CPU")


def _set_quota(group: Path, quota: int) -> None:
    if (group / "cpu.max").exists():
        (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
    else:
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
        (group / "cpu.cfs_quota_us").write_text(str(quota))
