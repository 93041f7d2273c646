"""Decorators that restrict views. What a page shows inside is decided by the template's `can`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from accounts.second_factor import must_set_up

View = Callable[..., HttpResponse]

NOT_ENABLED = "S3 CSV telemetry is not enabled for {account}. To enable it, contact {contact}."


def account_permission(perm: str) -> Callable[[View], View]:
    """Allow a view to people who have `perm` (accounts/roles.py) in their active account.

    Others: the sign-in page; the page for someone without an account, or who has left theirs; where the
    account requires a second factor and they have none, its set-up; 403 for a member who lacks `perm`.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_sign_in(request)
            if request.account is None:
                return show_no_account(request)
            if must_set_up(user=request.user, account=request.account):
                return _redirect_to_second_factor(request)
            if not request.user.has_perm(perm, request.account):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return guard


def s3_csv_telemetry_required(view: View) -> View:
    """Restrict a view to accounts with the S3 CSV telemetry beta; others are told how to request it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.account is None or request.account.s3_csv_telemetry:
            return view(request, *args, **kwargs)
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied(
                NOT_ENABLED.format(account=request.account, contact=settings.SUPPORT_CONTACT)
            )
        if request.htmx:  # a message for the whole page, not a fragment
            return HttpResponseClientRefresh()
        return render(request, "accounts/beta.html", {"contact": settings.SUPPORT_CONTACT})

    return guarded


def show_no_account(request: HttpRequest) -> HttpResponse:
    """The page for somebody without an active account: they left it, or never had one."""
    if not request.left_account:
        return render(request, "accounts/no_account.html", status=403)
    if request.htmx:  # a message for the whole page
        return HttpResponseClientRefresh()
    context = {"left": request.left_account, "contact": settings.SUPPORT_CONTACT}
    return render(request, "accounts/left_account.html", context, status=403)


def _redirect_to_second_factor(request: HttpRequest) -> HttpResponse:
    url = resolve_url("accounts:second-factor")
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def redirect_to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.htmx:  # redirect the whole page, and return to it afterwards
        back = _read_current_path(request) or resolve_url(settings.LOGIN_REDIRECT_URL)
        return HttpResponseClientRedirect(redirect_to_login(back).url)
    return redirect_to_login(request.get_full_path())


def _read_current_path(request: HttpRequest) -> str:
    """The path of the page that sent the htmx request; empty where its header is not usable."""
    try:
        path = request.htmx.current_url_abs_path or ""
    except ValueError:  # "http://["
        return ""
    return path if path.startswith("/") else ""
