"""Your second factor: set up, recovery codes, turn off."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import second_factor
from accounts.encryption import CannotDecrypt
from accounts.forms import CodeForm, ConfirmPasswordForm
from accounts.journal import record_about_person
from accounts.lockout import start_attempt
from accounts.models import SecondFactor


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: HttpRequest) -> HttpResponse:
    """Whether there is one; and its beginning, for which the person gives their password once more."""
    is_enabled = second_factor.has_second_factor(request.user)
    asks = not is_enabled and request.user.has_usable_password()
    form = ConfirmPasswordForm(request.POST or None, user=request.user) if asks else None
    if form and form.data.get("password"):  # checking it is the try: counted before
        attempt = start_attempt(request, email=request.user.email)
        if form.is_valid():
            attempt.cancel()
        else:
            attempt.fail()
    if request.method == "POST" and not is_enabled and (form is None or form.is_valid()):
        second_factor.begin_set_up(user=request.user)
        return redirect("accounts:second-factor-set-up")
    required = request.account is not None and request.account.second_factor_required
    context = {"is_enabled": is_enabled, "form": form, "required": required}
    return render(request, "accounts/second_factor.html", context)


@never_cache  # the page shows the secret, the answer the recovery codes
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def set_up(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.confirm_set_up(
                user=request.user, code=form.cleaned_data["code"], now=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            update_session_auth_hash(request, request.user)
            return _show_codes(request, codes)
    try:
        secret = second_factor.read_secret(user=request.user)
    except (SecondFactor.DoesNotExist, CannotDecrypt):  # not begun, or with another SECRET_KEY: begin anew
        return redirect("accounts:second-factor")
    picture = second_factor.draw_qr_code(user=request.user)
    context = {"form": form, "secret": secret, "picture": picture}
    return render(request, "accounts/second_factor_set_up.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def renew_codes(request: HttpRequest) -> HttpResponse:
    return _with_code(request, "accounts/recovery_codes_renew.html", _renew)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def turn_off(request: HttpRequest) -> HttpResponse:
    return _with_code(request, "accounts/second_factor_off.html", _turn_off)


def _with_code(request: HttpRequest, template: str, act: object) -> HttpResponse:
    """What takes a code of the second factor that the person has."""
    if not second_factor.has_second_factor(request.user):
        return redirect("accounts:second-factor")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        attempt = start_attempt(request, email=request.user.email)  # whoever sits at an open session
        try:
            answer = act(request, form.cleaned_data["code"], timezone.now())
        except ValidationError as error:
            record_about_person("person.wrong_code", user=request.user)
            attempt.fail()
            form.add_error(None, error)
        else:
            attempt.succeed()
            return answer
    return render(request, template, {"form": form})


def _renew(request: HttpRequest, code: str, now: datetime) -> HttpResponse:
    return _show_codes(request, second_factor.renew_recovery_codes(user=request.user, code=code, now=now))


def _turn_off(request: HttpRequest, code: str, now: datetime) -> HttpResponse:
    second_factor.turn_off(user=request.user, code=code, now=now)
    update_session_auth_hash(request, request.user)
    messages.success(request, "Your second factor was turned off. Other sessions of yours are signed out.")
    return redirect("accounts:second-factor")


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """In this answer alone: they are kept as hashes."""
    return render(request, "accounts/recovery_codes.html", {"codes": "\n".join(codes)})
