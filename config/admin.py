from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.db.models.base import ModelBase
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

# Models of libraries, unused: hidden, so that nothing is changed past the audit log.
UNUSED = {"auth.group", "account.emailaddress"} | {
    f"socialaccount.{name}" for name in ("socialaccount", "socialapp", "socialtoken")
}


class Site(admin.AdminSite):
    """Django admin behind the product's own sign-in page, so that one page has to be protected."""

    site_header = site_title = "Denominator administration"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: Iterable[Any] = (
            [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        )
        wanted = [model for model in models if model._meta.label_lower not in UNUSED]
        super().register(wanted, admin_class, **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.user.is_authenticated:  # signed in, but not staff: the same as for an unknown page
            raise Http404
        return redirect_to_login(request.get_full_path())

    def password_change(  # type: ignore[override]  # Django's shows a page, ours leads to one
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Our own page: it counts wrong passwords, ends other sessions, tells the log and the person."""
        return redirect("accounts:password")
