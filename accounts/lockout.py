"""Locking out after too many wrong passwords or codes: attempts are counted before they are checked.

Counted are a person and a network together (nobody can lock somebody out from elsewhere), and a network for
all persons. A refused attempt costs at most three statements: no password is hashed, no entry is written. A
successful attempt is given back, so a company behind one address is limited by its mistakes alone.
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

from accounts.addresses import normalise_if_valid
from accounts.counters import Limit, RateLimiter, reset_in_all_networks
from accounts.journal import record_about_person, record_locked_network, record_locked_out
from accounts.models import User
from audit.addresses import get_client_address, name_network

log = structlog.get_logger(__name__)
DAY = 86_400
# Limits for audit entries that anybody can cause and nobody can delete: for a network, and in total.
LOCKS_RECORDED, ALL_LOCKS_RECORDED = Limit("lock_recorded", 50, DAY), Limit("locks_recorded", 5_000, DAY)


class LockedOut(Exception):
    """The attempt is refused, or was the last one. `until` is when attempts are allowed again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"until {until.isoformat()}")
        self.until = until


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt. Call one of its methods when it has ended."""

    address: str  # of the person, in its normal form
    person: RateLimiter
    network: RateLimiter
    of_person: int  # the number of this attempt
    of_network: int

    def fail(self) -> None:
        """Wrong password or code. Raises LockedOut where the limit is reached, which is recorded once."""
        log.info("sign-in failed", network=self.network.network)
        now = timezone.now()
        if self.of_network >= self.network.limit.times and _may_record(self.network, now):
            record_locked_network(self.network.network)
        if self.of_person >= self.person.limit.times and _may_record(self.network, now):
            record_locked_out(email=self.address)
        for number, limiter in ((self.of_person, self.person), (self.of_network, self.network)):
            if number >= limiter.limit.times:
                raise LockedOut(limiter.get_end(now=now))

    def cancel(self) -> None:
        """Neither failed nor completed: not counted."""
        self.person.give_back()
        self.network.give_back()

    def succeed(self) -> None:
        """Signed in: the person's counter for this network is reset."""
        self.person.reset()
        self.network.give_back()


def start_attempt(request: HttpRequest, *, email: str) -> Attempt:
    """Count an attempt for that address before it is checked. Raises LockedOut."""
    now, address = timezone.now(), normalise_if_valid(email)
    here = name_network(get_client_address(request))
    network, person = (
        RateLimiter(_network_limit(), network=here),
        RateLimiter(_person_limit(), who=address, network=here),
    )
    of_network = network.count_attempt(now=now)
    if not of_network:
        raise LockedOut(network.get_end(now=now))
    of_person = person.count_attempt(now=now)
    if not of_person:
        network.give_back()
        raise LockedOut(person.get_end(now=now))
    return Attempt(address, person, network, of_person, of_network)


def show_locked_out(request: HttpRequest, error: LockedOut) -> HttpResponse:
    """The same page for known and unknown addresses."""
    seconds = (error.until - timezone.now()).total_seconds()
    context = {"minutes": max(1, ceil(seconds / 60)), "contact": settings.SUPPORT_CONTACT}
    return render(request, "accounts/locked_out.html", context, status=429)


@transaction.atomic
def unlock(*, email: str, address: str | None = None, user: User | None = None) -> int:
    """Reset the person's counters, for one IP address or all; returns the number of wrong attempts.

    With an address its network is reset too: others there may have locked the person out.
    """
    if address:
        here = name_network(address)
        RateLimiter(_network_limit(), network=here).reset()
        failures = RateLimiter(_person_limit(), who=normalise_if_valid(email), network=here).reset()
    else:
        failures = reset_in_all_networks(_person_limit(), who=normalise_if_valid(email))
    if failures and user:
        record_about_person("person.unlocked", user=user)
    return failures


def _person_limit() -> Limit:
    return Limit("person", settings.SIGN_IN_ATTEMPTS, settings.SIGN_IN_LOCKED_MINUTES * 60, renewed=True)


def _network_limit() -> Limit:
    """Not renewed: in a large office somebody makes a mistake every few minutes."""
    return Limit("network", settings.SIGN_IN_ATTEMPTS_PER_ADDRESS, settings.SIGN_IN_LOCKED_MINUTES * 60)


def _may_record(network: RateLimiter, now: datetime) -> bool:
    of_network = RateLimiter(LOCKS_RECORDED, network=network.network)
    return bool(of_network.count_attempt(now=now) and RateLimiter(ALL_LOCKS_RECORDED).count_attempt(now=now))
