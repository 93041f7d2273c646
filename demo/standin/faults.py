"""What a test can make go wrong, request by request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["deny", "slow_down", "server_error", "hang", "reset", "damage"]
Operation = Literal["assume", "list", "get", "head"]


@dataclass
class Fault:
    """Lets `operation` go wrong `times` times (None: always), for keys or prefixes that contain `name`.

    deny: 403. slow_down: 503. server_error: 500. hang: no answer until the stand-in stops. reset: the
    connection breaks after `after_bytes` of the body. damage: one byte of the body is another.
    """

    operation: Operation
    kind: Kind
    times: int | None = None
    name: str = ""
    after_bytes: int = 0


class Faults:
    """The faults still to come, and what is to happen after a request was answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._afterwards: list[tuple[Operation, Callable[[], None]]] = []
        self.stopped = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

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
