"""The page of Django admin that removes an account, by a worker, in place of "delete"."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts.admin import AccountAdmin
from accounts.models import Account
from offboarding.messages import send_removal
from offboarding.services import deactivate_account, find_start

CHANGELIST = "admin:accounts_account_changelist"


class RemovalForm(forms.Form):
    slug = forms.CharField(label="The account's slug, to confirm", max_length=60)
    export = forms.BooleanField(
        label="Export every telemetry's data and settings first", required=False, initial=True
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._account = account

    def clean_slug(self) -> str:
        if self.cleaned_data["slug"] != self._account.slug:
            raise forms.ValidationError(
                f"Type {self._account.slug} to remove this account and all that it has."
            )
        slug: str = self.cleaned_data["slug"]
        return slug


admin.site.unregister(Account)


@admin.register(Account)
class RemovableAccountAdmin(AccountAdmin):
    actions = ["remove"]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description="Remove the selected account", permissions=["delete"])
    def remove(self, request: HttpRequest, accounts: QuerySet[Account]) -> HttpResponse | None:
        """One at a time: each has its slug to be typed."""
        if len(accounts) != 1:
            self.message_user(request, "Select one account to remove.", messages.ERROR)
            return None
        return redirect("admin:accounts_account_delete", accounts[0].pk)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What removal means, and the slug to be typed."""
        account = self.get_object(request, object_id)
        if account is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined]
                request, self.opts, object_id
            )
            return missing
        if not self.has_delete_permission(request, account):
            raise PermissionDenied
        form = RemovalForm(request.POST or None, account=account)
        if request.method == "POST" and form.is_valid():
            return self._remove(request, account, export=form.cleaned_data["export"])
        context = {
            **self.admin_site.each_context(request),
            "title": f"Remove {account.name}",
            "opts": self.opts,
            "account": account,
            "form": form,
            "telemetries": account.sources.count(),
            "endpoints": account.endpoints.count(),
            "members": account.memberships.count(),
            "has_started": find_start(account=account) is not None,
        }
        return TemplateResponse(request, "offboarding/remove_account.html", context)

    def _remove(self, request: HttpRequest, account: Account, *, export: bool) -> HttpResponse:
        deactivate_account(account=account, now=timezone.now())
        if send_removal(account_id=account.pk, export=export):
            self.message_user(request, f"{account.name} was deactivated. A worker removes it now.")
        else:
            self.message_user(
                request,
                f"{account.name} was deactivated, but no worker could be told to remove it. Check the work "
                f"queue and try again, or run: manage.py remove_account {account.slug}",
                messages.ERROR,
            )
        return redirect(CHANGELIST)
