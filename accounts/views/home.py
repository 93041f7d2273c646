"""Signing in and out, and switching accounts."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import sso
from accounts.forms import CodeForm, SignInForm
from accounts.journal import record_by_person
from accounts.lockout import start_attempt
from accounts.services import set_password
from accounts.sessions import enter_account, note_sign_in_to
from accounts.signing_in import begin_sign_in, find_pending, finish_sign_in


class SignIn(auth_views.LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        more = {
            "contact": settings.SUPPORT_CONTACT,
            "sso_name": settings.OIDC_NAME if sso.is_enabled() else "",
        }
        return super().get_context_data(**more, **kwargs)

    def get_redirect_url(self) -> str:
        """The target of `next`, if it is on this site and not this page."""
        url = super().get_redirect_url()
        return "" if url.split("?")[0] == self.request.path else url

    def form_valid(self, form: SignInForm) -> HttpResponse:
        next_url, now = self.get_redirect_url(), timezone.now()
        is_in = begin_sign_in(
            self.request, user=form.get_user(), next_url=next_url, method="password", now=now
        )
        return redirect(self.get_success_url() if is_in else "accounts:sign-in-code")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_code(request: HttpRequest) -> HttpResponse:
    """The second step of signing in, for people with a second factor."""
    now = timezone.now()
    found = find_pending(request, now=now)
    if found is None:
        return redirect("accounts:login")
    user, pending = found
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            finish_sign_in(request, user=user, pending=pending, code=form.cleaned_data["code"], now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect(pending["next"] or settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/sign_in_code.html", {"form": form, "contact": settings.SUPPORT_CONTACT})


@require_safe
def sso_start(request: HttpRequest) -> HttpResponse:
    if not sso.is_enabled():
        raise Http404
    next_url = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(next_url, {request.get_host()}, request.is_secure()):
        next_url = ""
    return sso.start(request, next_url=next_url)


@never_cache
@require_safe
def sso_callback(request: HttpRequest) -> HttpResponse:
    if not sso.is_enabled():
        raise Http404
    return sso.finish(request)


class SignOut(auth_views.LogoutView):
    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.user.is_authenticated:
            record_by_person("person.signed_out", user=request.user)
        return super().post(request, *args, **kwargs)


class ChangePassword(auth_views.PasswordChangeView):
    template_name = "accounts/password.html"
    success_url = reverse_lazy("home")

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        self.attempt = start_attempt(request, email=request.user.email)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        if "old_password" in form.errors and form.data.get(
            "old_password"
        ):  # perhaps somebody at an open session
            self.attempt.fail()
        else:
            self.attempt.cancel()
        return super().form_invalid(form)

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        self.attempt.cancel()
        set_password(user=form.user, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(self.request, form.user)
        messages.success(self.request, "Your password was changed. Other sessions of yours are signed out.")
        return redirect(self.success_url)


@login_required
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Make another of the person's accounts the active one of this session."""
    slug = request.POST.get("account", "")
    account = next((account for account in request.accounts if account.slug == slug), None)
    if account is None:
        raise Http404
    enter_account(request.session, account=account)
    note_sign_in_to(account, user=request.user, now=timezone.now())
    messages.success(request, f"You are now in {account.name}.")
    return redirect("home")
