"""A forgotten password: ask for a link, and use it. Nothing here tells whether an address is known."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.forms import ResetForm
from accounts.models import User
from accounts.resets import request_password_reset, reset_with_link
from audit.addresses import get_client_address


@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_link(request: HttpRequest) -> HttpResponse:
    form = ResetForm(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/password_reset.html", {"form": form})
    request_password_reset(
        email=form.cleaned_data["email"],
        address=get_client_address(request),
        agent=request.headers.get("User-Agent", "")[:200],
        now=timezone.now(),
    )
    return render(request, "accounts/password_reset_sent.html", {"contact": settings.SUPPORT_CONTACT})


class UseLink(auth_views.PasswordResetConfirmView):
    """Django's: the token moves from the address into the session at once, so that no Referer tells it."""

    template_name = "accounts/password_reset_link.html"
    success_url = reverse_lazy("accounts:login")

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if user and user.is_active else None

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        reset_with_link(user=form.user, password=form.cleaned_data["new_password1"], now=timezone.now())
        self.request.session.pop(auth_views.INTERNAL_RESET_SESSION_TOKEN, None)
        messages.success(self.request, "Your password was changed. Sign in with the new one.")
        return redirect(self.success_url)
