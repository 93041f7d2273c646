"""What the Telemetries table can be narrowed to and sorted by."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Concat, Lower
from django.http import HttpRequest, QueryDict

from core.search import split_search
from endpoints.models import S3Endpoint
from telemetry.models import Dimension, Telemetry

# What `sort` may be -> what to order by; `-` before it turns the order round.
SORTS = {
    "name": Lower("name"),
    "identifier": Lower("identifier"),
    "endpoint": Lower("endpoint__name"),
    "prefix": F("whole_prefix"),
    "status": F("status"),
    "data_through": F("newest_date"),
    "last_sync": F("last_sync_at"),
    "created_by": Lower("created_by__email"),
}
WHOLE_PREFIX = Case(
    When(endpoint__path_prefix="", then=F("prefix")),
    default=Concat("endpoint__path_prefix", Value("/"), "prefix"),
)


def _endpoints_of_account(request: HttpRequest) -> QuerySet[S3Endpoint]:
    return S3Endpoint.objects.for_account(request.account)


class TelemetryFilter(django_filters.FilterSet):
    """Active telemetries at first; `status=all` shows every one. Values that mean nothing are ignored.

    The queryset has what telemetry.newest annotates.
    """

    search = django_filters.CharFilter(
        method="match_words",
        label="Search",
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "autocomplete": "off",
                "placeholder": "Name, identifier, prefix, endpoint, dimension",
            }
        ),
    )
    status = django_filters.ChoiceFilter(
        choices=[*Telemetry.Status.choices, ("all", "All")], method="match_status", empty_label=None
    )
    source = django_filters.ChoiceFilter(
        choices=[("s3_csv", "S3 CSV")], method="match_source", empty_label="All sources", label="Source"
    )
    endpoint = django_filters.ModelChoiceFilter(
        queryset=_endpoints_of_account,
        to_field_name="public_id",
        empty_label="All endpoints",
        label="Endpoint",
    )
    sort = django_filters.ChoiceFilter(
        choices=[(f"{sign}{name}", name) for name in SORTS for sign in ("", "-")],
        method="sort_rows",
        widget=forms.HiddenInput,
    )

    class Meta:
        model = Telemetry
        fields: list[str] = []

    def __init__(self, data: QueryDict, **kwargs: Any) -> None:
        data = data.copy()
        data.setdefault("status", Telemetry.Status.ACTIVE)
        data.setdefault("sort", "name")
        super().__init__(data, **kwargs)
        self.queryset = self.queryset.annotate(whole_prefix=WHOLE_PREFIX)

    @property
    def sorted_by(self) -> str:
        """The `sort` in force."""
        return self.form.cleaned_data.get("sort") or "name"

    @property
    def is_narrowed(self) -> bool:
        """Whether something other than what the page starts with is asked for."""
        asked = self.form.cleaned_data
        return bool(
            asked.get("search")
            or asked.get("source")
            or asked.get("endpoint")
            or asked.get("status") == Telemetry.Status.INACTIVE
        )

    def match_words(self, rows: QuerySet, _name: str, text: str) -> QuerySet:
        """Every word of `text` somewhere in the name, identifier, prefix, endpoint or a dimension."""
        for word in split_search(text):
            dimension = Dimension.objects.filter(telemetry=OuterRef("pk"), column__icontains=word)
            rows = rows.filter(
                Q(name__icontains=word)
                | Q(identifier__icontains=word)
                | Q(whole_prefix__icontains=word)
                | Q(endpoint__name__icontains=word)
                | Exists(dimension)
            )
        return rows

    def match_status(self, rows: QuerySet, _name: str, status: str) -> QuerySet:
        return rows if status == "all" else rows.filter(status=status)

    def match_source(self, rows: QuerySet, _name: str, _source: str) -> QuerySet:
        return rows  # S3 CSV is the one source there is

    def sort_rows(self, rows: QuerySet, _name: str, sort: str) -> QuerySet:
        key = SORTS[sort.lstrip("-")]
        # Rows without a value come last, whichever way round.
        order = key.desc(nulls_last=True) if sort.startswith("-") else key.asc(nulls_last=True)
        return rows.order_by(order, Lower("name"), "pk")
