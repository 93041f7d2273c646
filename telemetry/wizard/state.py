from __future__ import annotations

from functools import cached_property
from typing import Any

from endpoints.models import S3Endpoint
from telemetry.models.drafts import TYPED, TelemetryDraft
from telemetry.wizard.sampling import DraftSample, get_sample
from telemetry.wizard.selectors import get_endpoint


class WizardState:
    """What a draft amounts to while one request is answered: each thing is looked up once, when asked for."""

    def __init__(self, draft: TelemetryDraft) -> None:
        self.draft = draft

    @cached_property
    def endpoint(self) -> S3Endpoint | None:
        return get_endpoint(draft=self.draft)

    @cached_property
    def answers(self) -> dict[str, dict[str, Any]]:
        """The saved answers by step. Without its endpoint, the first step is as good as not answered."""
        answers = dict(self.draft.answers)
        if self.endpoint is None:
            answers.pop("source", None)
        return answers

    @cached_property
    def sample(self) -> DraftSample:
        """Raises StorageError and FileError. For steps behind the first one, which names the source."""
        return get_sample(draft=self.draft, endpoint=self.endpoint, prefix=self.get("source", "prefix"))

    def get_initial(self, step: str) -> dict[str, Any]:
        """What a step's page shows first: its answer; of the first step also what was typed, or is void."""
        saved = self.draft.answers
        if step != "source":
            return self.answers.get(step, {})
        return {**saved.get(TYPED, {}), **saved.get(step, {})}

    def get(self, step: str, question: str, default: Any = None) -> Any:
        return self.answers.get(step, {}).get(question, default)
