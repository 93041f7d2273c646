"""After too many wrong passwords a person and an address together are locked out: django-axes counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.journal import record_about_person
from accounts.models import User


def get_username(request: HttpRequest, credentials: dict[str, str] | None = None) -> str:
    """The address as axes counts it: one person, however it is written."""
    typed = (credentials or {}).get("username") or request.POST.get("username") or ""
    return typed.strip().lower()


def is_locked_out(request: HttpRequest, *, user: User) -> bool:
    """Whether the person is locked out from where the request comes; if so, the answer will say it."""
    if AxesProxyHandler.is_allowed(request, {"username": user.email}):
        return False
    request.axes_locked_out = True
    request.axes_credentials = {"username": user.email}
    return True


def count_failure(request: HttpRequest, *, user: User) -> None:
    """A wrong code counts as a wrong password does."""
    user_login_failed.send(sender=__name__, credentials={"username": user.email}, request=request)


def show_locked_out(
    request: HttpRequest, _response: HttpResponse | None, credentials: dict[str, str] | None = None
) -> HttpResponse:
    """The page says the same for every address, known to us or not."""
    until = find_end(username=get_username(request, credentials), address=request.axes_ip_address)
    context = {
        "minutes": max(1, ceil((until - timezone.now()).total_seconds() / 60)),
        "contact": settings.SUPPORT_CONTACT,
    }
    return render(request, "accounts/locked_out.html", context, status=429)


def find_end(*, username: str, address: str | None) -> datetime:
    """When the lock ends: the last failure and SIGN_IN_LOCKED_MINUTES."""
    attempts = AccessAttempt.objects.filter(username=username, ip_address=address)
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    return (last or timezone.now()) + cool_off


@transaction.atomic
def unlock(*, email: str, address: str | None = None, user: User | None = None) -> int:
    """Forget the failures of the person, from the address or from all; how many there were."""
    attempts = AccessAttempt.objects.filter(username=get_username(HttpRequest(), {"username": email}))
    if address:
        attempts = attempts.filter(ip_address=address)
    failures = sum(attempts.values_list("failures_since_start", flat=True))
    attempts.delete()
    if failures and user:
        record_about_person("person.unlocked", user=user)
    return failures
