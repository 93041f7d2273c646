"""Faults that tests inject into requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["deny", "slow_down", "server_error", "hang", "stall", "reset", "damage", "hold", "alter"]
Operation = Literal["assume", "list", "get", "head"]
Change = Callable[[Any, Any], None]  # of a request and its answer, which it may alter


class Hold:
    """A request that is answered when the test says so: `reached` once it has come, and then `release`."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._released = threading.Event()

    def release(self) -> None:
        self._released.set()

    def stop_here(self) -> None:
        """What the request does."""
        self.reached.set()
        self._released.wait()


@dataclass
class Fault:
    """Lets `operation` go wrong `times` times (None: always), for keys or prefixes that contain `name`.

    deny: 403. slow_down: 503. server_error: 500. hang: no answer until the stand-in stops. stall: the same
    after `after_bytes` of the body. reset: the connection breaks there. damage: the byte there is another.
    hold: no answer before `hold` is released. alter: the answer is what `change` makes of it.
    """

    operation: Operation
    kind: Kind
    times: int | None = None
    name: str = ""
    after_bytes: int = 0
    hold: Hold = field(default_factory=Hold)
    change: Change | None = None


class Faults:
    """The faults still to come, and what is to happen after a request was answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._afterwards: list[tuple[Operation, Callable[[], None]]] = []
        self._holds: list[Hold] = []
        self.stopped = threading.Event()

    def stop(self) -> None:
        """Let go of every request that waits."""
        self.stopped.set()
        with self._lock:
            for hold in self._holds:
                hold.release()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)
            self._holds.append(fault.hold)

    def after(self, operation: Operation, action: Callable[[], None]) -> None:
        """Call `action` once, when the next request of this kind has been answered."""
        with self._lock:
            self._afterwards.append((operation, action))

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self._afterwards.clear()

    def take(self, operation: str, name: str) -> Fault | None:
        """The fault that strikes this request, counted as having struck."""
        with self._lock:
            for fault in self._faults:
                if fault.operation == operation and fault.name in name and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def take_afterwards(self, operation: str) -> list[Callable[[], None]]:
        with self._lock:
            due = [action for wanted, action in self._afterwards if wanted == operation]
            self._afterwards = [entry for entry in self._afterwards if entry[0] != operation]
        return due
