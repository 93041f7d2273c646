"""Who acts, and from where. Set around a request or a command, read by `record` wherever that is."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

PAGE, ADMINISTRATION, COMMAND, PROCESS = "page", "administration", "command", "process"


@dataclass(frozen=True, slots=True)
class Origin:
    """`actor` as a person reads it: an e-mail address, or the operating system's user; `agent`: the browser,
    or the command's name, never its arguments."""

    via: str
    actor: str = ""
    actor_id: int | None = None
    address: str | None = None
    agent: str = ""


# A function, evaluated when an entry is recorded: somebody may sign in during the request.
_current: ContextVar[Callable[[], Origin] | None] = ContextVar("origin", default=None)


@contextmanager
def acting(find_origin: Callable[[], Origin]) -> Iterator[None]:
    """What is recorded inside comes from there."""
    token = _current.set(find_origin)
    try:
        yield
    finally:
        _current.reset(token)


def get_origin() -> Origin:
    """Of the request or command around us; else of this process: a worker, or a shell."""
    find_origin = _current.get()
    return find_origin() if find_origin else Origin(via=PROCESS, actor=get_system_user(), agent=_program())


def get_system_user() -> str:
    """The operating system's name for whoever runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"


def _program() -> str:
    return Path(sys.argv[0]).name if sys.argv else ""
