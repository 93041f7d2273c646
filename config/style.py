"""The style page: each shared component once, for those who build pages. Served with DEBUG only."""

from __future__ import annotations

from datetime import UTC, datetime

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

STATES = {
    "active": "Active",
    "inactive": "Inactive",
    "queued": "Queued",
    "running": "Running",
    "succeeded": "Succeeded",
    "succeeded_with_rejects": "Succeeded with rejected rows",
    "incomplete": "Incomplete",
    "failed": "Failed",
    "untested": "Not tested",
    "passed": "Passed",
    "unsafe": "Unsafe",
    "up_to_date": "Up to date",
    "late": "Late",
}


class SampleForm(forms.Form):
    text = forms.CharField(help_text="Help stands between the label and the control.")
    wrong = forms.CharField(error_messages={"required": "Enter what is missing."})
    long = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    region = forms.ChoiceField(choices=[("eu-central-1", "eu-central-1"), ("us-east-1", "us-east-1")])
    one_of = forms.ChoiceField(
        choices=[("newest", "The newest wins"), ("add", "They add up")],
        widget=forms.RadioSelect,
        help_text="What happens when two files hold the same date.",
    )
    several_of = forms.MultipleChoiceField(
        choices=[("team", "team"), ("environment", "environment")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    yes = forms.BooleanField(label="Yes or no", required=False)


@require_safe
def show_style(request: HttpRequest) -> HttpResponse:
    steps = [
        {"label": "Source", "state": "done", "url": "#steps"},
        {"label": "Preview", "state": "current", "url": "#steps"},
        {"label": "Date", "state": "locked", "url": None},
    ]
    rows = [
        {"label": "Endpoint", "value": "Production exports", "change_url": "#summary"},
        {"label": "Prefix", "value": "usage/api-requests/"},
    ]
    context = {
        "form": SampleForm({"text": "filled in", "one_of": "newest"}),
        "states": STATES.items(),
        "steps": steps,
        "rows": rows,
        "levels": ["info", "success", "warning", "danger"],
        "page": Paginator(range(1234), 25).page(2),
        "policy": '{\n  "Version": "2012-10-17"\n}',
        "beginning": {"text": "The beginning of a long text", "length": 200_000, "is_cut": True},
        "at": datetime(2026, 1, 31, 14, 5, tzinfo=UTC),
    }
    return render(request, "style.html", context)
