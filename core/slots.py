"""Limits on what an account does at the same time, where each costs others: calls to AWS, a worker of ours.

A slot is a key in the cache, acquired by `add`, which is atomic, and given back by its owner; the slot of a
process that died expires. It resembles a semaphore; waiting is deliberately missing: a person who is told why
can decide better.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.cache import cache


class LimitReached(Exception):
    """The account has no free slot of this kind."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} at once")
        self.most = most


@dataclass(frozen=True, slots=True)
class Slot:
    key: str
    holder: str

    def give_back(self) -> None:
        """Free it, unless it has expired and somebody else has it now."""
        if cache.get(self.key) == self.holder:
            cache.delete(self.key)


def acquire_slot(kind: str, *, account_id: int, most: int, seconds: int) -> Slot:
    """One of `most` slots of the account, for `seconds` at the longest. Raises LimitReached."""
    holder = secrets.token_hex(8)
    for number in range(most):
        key = f"slot:{kind}:{account_id}:{number}"
        if cache.add(key, holder, seconds):
            return Slot(key, holder)
    raise LimitReached(most)


@contextmanager
def hold_slot(kind: str, *, account_id: int, most: int, seconds: int) -> Iterator[None]:
    """Hold a slot for the block. Raises LimitReached."""
    slot = acquire_slot(kind, account_id=account_id, most=most, seconds=seconds)
    try:
        yield
    finally:
        slot.give_back()
