"""After too many wrong passwords or codes nobody is let in: a try is counted before it is looked at.

A person and a network together (nobody can lock somebody else out from elsewhere), and a network whoever it
tries. What is refused costs a statement or three: no password is hashed, and no entry is written. A try that
was right is given back, so a company behind one address is counted by its mistakes alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.addresses import find_normal
from accounts.counters import Limit, Slot, forget_everywhere
from accounts.journal import record_about_person, record_locked_network, record_locked_out
from accounts.models import User
from audit.addresses import get_client_address, name_network

log = structlog.get_logger(__name__)
DAY = 86_400
# Entries that anybody can cause in the audit log, which nobody can delete: of a network, and of all.
LOCKS_RECORDED, ALL_LOCKS_RECORDED = Limit("lock_recorded", 50, DAY), Limit("locks_recorded", 5_000, DAY)


class LockedOut(Exception):
    """This try is refused, or was the last. `until` is when tries are let through again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"until {until.isoformat()}")
        self.until = until


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that was counted, and is let through. One of its methods says how it ended."""

    address: str  # of the person, in its normal form
    person: Slot
    network: Slot
    of_person: int  # the number of the try
    of_network: int

    def fail(self) -> None:
        """It was wrong. Raises LockedOut where it was the last one for now, which is recorded once."""
        log.info("sign-in failed", network=self.network.network)
        now = timezone.now()
        if self.of_network >= self.network.limit.times and _may_record(self.network, now):
            record_locked_network(self.network.network)
        if self.of_person >= self.person.limit.times and _may_record(self.network, now):
            record_locked_out(email=self.address)
        for number, slot in ((self.of_person, self.person), (self.of_network, self.network)):
            if number >= slot.limit.times:
                raise LockedOut(slot.find_end(now=now))

    def take_back(self) -> None:
        """It was right as far as it went, or nothing was tried."""
        self.person.give_back()
        self.network.give_back()

    def succeed(self) -> None:
        """The person is in: wrong tries of theirs from here are forgotten."""
        self.person.forget()
        self.network.give_back()


def take_attempt(request: HttpRequest, *, email: str) -> Attempt:
    """Count a try before it is looked at, for the person of that address. Raises LockedOut."""
    now, address = timezone.now(), find_normal(email)
    here = name_network(get_client_address(request))
    network, person = Slot(_of_network(), network=here), Slot(_of_person(), who=address, network=here)
    of_network = network.take(now=now)
    if not of_network:
        raise LockedOut(network.find_end(now=now))
    of_person = person.take(now=now)
    if not of_person:
        network.give_back()
        raise LockedOut(person.find_end(now=now))
    return Attempt(address, person, network, of_person, of_network)


def show_locked_out(request: HttpRequest, error: LockedOut) -> HttpResponse:
    """The page says the same for every address, known to us or not."""
    seconds = (error.until - timezone.now()).total_seconds()
    context = {"minutes": max(1, ceil(seconds / 60)), "contact": settings.SUPPORT_CONTACT}
    return render(request, "accounts/locked_out.html", context, status=429)


@transaction.atomic
def unlock(*, email: str, address: str | None = None, user: User | None = None) -> int:
    """Forget the wrong tries of the person, from the address or from all; how many there were.

    From the address, whoever was tried: the person may be kept out by what others did there.
    """
    if address:
        here = name_network(address)
        Slot(_of_network(), network=here).forget()
        failures = Slot(_of_person(), who=find_normal(email), network=here).forget()
    else:
        failures = forget_everywhere(_of_person(), who=find_normal(email))
    if failures and user:
        record_about_person("person.unlocked", user=user)
    return failures


def _of_person() -> Limit:
    return Limit("person", settings.SIGN_IN_ATTEMPTS, settings.SIGN_IN_LOCKED_MINUTES * 60, renewed=True)


def _of_network() -> Limit:
    """Not renewed: a large office makes a mistake every few minutes, for ever."""
    return Limit("network", settings.SIGN_IN_ATTEMPTS_PER_ADDRESS, settings.SIGN_IN_LOCKED_MINUTES * 60)


def _may_record(network: Slot, now: datetime) -> bool:
    of_network = Slot(LOCKS_RECORDED, network=network.network)
    return bool(of_network.take(now=now) and Slot(ALL_LOCKS_RECORDED).take(now=now))
