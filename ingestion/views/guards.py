"""Who may open a page of a source. Its URL says of which kind (config/urls.py), and the kind who may."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from accounts.access import account_permission
from core.snapshot import snapshot
from ingestion.datasets import Dataset, get_dataset
from ingestion.models import Source

View = Callable[..., HttpResponseBase]
SAFE_METHODS = ("GET", "HEAD")


def view_page(view: View) -> View:
    """For members of an account that has the kind, who may view its sources: as of one moment."""
    return _guard(at_one_moment(view), lambda dataset: dataset.view_permission)


def manage_page(view: View) -> View:
    """As view_page, for those who may manage its sources."""
    return _guard(at_one_moment(view), lambda dataset: dataset.manage_permission)


def download(view: View) -> View:
    """As view_page: it takes its slot first, and then reads in a moment of its own."""
    return _guard(view, lambda dataset: dataset.view_permission)


def get_source(request: HttpRequest, kind: str, source_id: UUID) -> Source:
    """The account's source of that public id; 404 for another account's as for none."""
    sources = get_dataset(kind).list_sources(request.account)
    source: Source = get_object_or_404(sources, public_id=source_id)
    return source


def render_page(request: HttpRequest, template: str, source: Source, context: dict[str, Any]) -> HttpResponse:
    """A page in the frame that the source's kind gives it."""
    dataset = get_dataset(source.kind)
    can_manage = request.user.has_perm(dataset.manage_permission, request.account)
    frame = {"source": source, "noun": dataset.noun, "can_manage": can_manage}
    return render(request, template, frame | dataset.describe_page(source) | context)


def _guard(view: View, choose: Callable[[Dataset], str]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *, kind: str, **kwargs: Any) -> HttpResponseBase:
        dataset = get_dataset(kind)
        allowed = account_permission(choose(dataset))(dataset.require_open(view))
        return allowed(request, kind=kind, **kwargs)

    return guarded


def at_one_moment(view: View) -> View:
    """What the page shows is as of one moment, whatever a sync changes while it is made."""

    @wraps(view)
    def in_snapshot(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with snapshot() if request.method in SAFE_METHODS else nullcontext():
            return view(request, *args, **kwargs)

    return in_snapshot
