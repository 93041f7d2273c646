"""A person on the way through the wizard, by plain form posts."""

from __future__ import annotations

import html
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from endpoints.models import S3Endpoint
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.services import start_draft

ORDER = ("source", "preview", "date", "dimensions", "metric", "review")


class Walk:
    """Posts carry the draft's version of the moment, as a page just loaded would, unless told otherwise."""

    def __init__(self, client: Client, endpoint: S3Endpoint) -> None:
        self.client = client
        self.answers: dict[str, dict[str, Any]] = {
            "source": {"endpoint": str(endpoint.public_id), "prefix": "mentions/", "name": "Mentions"},
            "preview": {},
            "date": {"date_column": "date", "date_format": "yyyy-MM-dd"},
            "dimensions": {"dimensions": ["company"]},
            "metric": {"metric_column": "mentions"},
            "review": {"overlap": "newest"},
        }
        user = User.objects.get(pk=client.session["_auth_user_id"])
        draft = start_draft(account=endpoint.account, user=user, now=timezone.now())
        self.draft_id = str(draft.public_id)

    @property
    def draft(self) -> TelemetryDraft:
        return TelemetryDraft.objects.get(public_id=self.draft_id)

    def url(self, step: str) -> str:
        return reverse("telemetry:step", args=[self.draft_id, step])

    def get(self, step: str, query: str = "", **headers: str) -> HttpResponse:
        return self.client.get(self.url(step) + query, headers=headers)

    def post(self, step: str, query: str = "", *, version: int | None = None, **answers: Any) -> HttpResponse:
        data = {**self.answers[step], **answers, "version": version or self.draft.version}
        return self.client.post(self.url(step) + query, data)

    def to(self, step: str) -> Walk:
        """Answer every step before `step`."""
        for earlier in ORDER[: ORDER.index(step)]:
            answer = self.post(earlier)
            assert answer.status_code == 302, answer.content.decode()
        return self


def text_of(answer: HttpResponse) -> str:
    """The page's text with single spaces, entities read."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def errors_of(answer: HttpResponse) -> dict[str, list[str]]:
    return {field: list(errors) for field, errors in answer.context["form"].errors.items()}
