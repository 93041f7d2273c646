from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from accounts.forms import SignInForm


class SignIn(auth_views.LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    extra_context = {"contact": settings.SUPPORT_CONTACT}

    def get_redirect_url(self) -> str:
        """Where `next` points, if that is on this site, and not at this page again."""
        url = super().get_redirect_url()
        return "" if url.split("?")[0] == self.request.path else url


class ChangePassword(auth_views.PasswordChangeView):
    template_name = "accounts/password.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, "Your password is changed. Other sessions of yours are signed out.")
        return super().form_valid(form)


@login_required
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Make another of the reader's accounts the active one of this session."""
    slug = request.POST.get("account", "")
    account = next((account for account in request.accounts if account.slug == slug), None)
    if account is None:
        raise Http404
    request.session["account"] = account.slug
    messages.success(request, f"You are now in {account.name}.")
    return redirect("home")
