"""Settings > Audit log: what was done in the account, for its admins."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import account_permission
from accounts.audit_forms import AuditForm
from accounts.models import Identity, User
from accounts.roles import VIEW_AUDIT_LOG
from audit.models import Entry
from audit.selectors import list_actions, list_entries
from core.downloads import stream_csv
from core.paging import paginate

PER_PAGE = 50
# Entries about a person's sign-in. Early versions wrote them for accounts.
PERSONAL = (User.audit_kind, Identity.audit_kind)
COLUMNS = ["at", "who", "action", "what", "name", "via", "address", "browser or program", "before", "after"]


@require_safe
@account_permission(VIEW_AUDIT_LOG)
def show_log(request: HttpRequest) -> HttpResponse:
    """Newest first; an invalid filter shows its errors and no entries."""
    form = AuditForm(request.GET, actions=list_actions(account=request.account, without=PERSONAL))
    entries = Entry.objects.none()
    if form.is_valid():
        entries = list_entries(account=request.account, without=PERSONAL, **form.cleaned_data)
    page = paginate(entries, number=request.GET.get("page"), each=PER_PAGE)
    context = {"section": "audit", "form": form, "page": page, "filtered": any(form.cleaned_data.values())}
    return render(request, "accounts/audit.html", context)


@require_safe
@account_permission(VIEW_AUDIT_LOG)
def download(request: HttpRequest) -> HttpResponse:
    """The filtered entries, without pages."""
    form = AuditForm(request.GET, actions=list_actions(account=request.account, without=PERSONAL))
    if not form.is_valid():
        reasons = " ".join(text for texts in form.errors.values() for text in texts)
        return HttpResponse(reasons, status=400, content_type="text/plain; charset=utf-8")
    entries = list_entries(account=request.account, without=PERSONAL, **form.cleaned_data)
    return stream_csv(
        account_id=request.account.pk,
        filename=f"{request.account.slug}-audit-log.csv",
        header=COLUMNS,
        rows=map(_to_row, entries.iterator(chunk_size=200)),
    )


def _to_row(entry: Entry) -> list[str]:
    return [
        entry.at.isoformat(timespec="seconds"),
        entry.actor,
        entry.action,
        f"{entry.object_type} {entry.object_id}".strip(),
        entry.object_name,
        entry.get_via_display(),
        entry.address or "",
        entry.agent,
        *(json.dumps(values, ensure_ascii=False) if values else "" for values in (entry.before, entry.after)),
    ]
