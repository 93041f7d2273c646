from __future__ import annotations

from typing import Any

from django import forms

from endpoints.storage import S3Object
from telemetry.wizard.state import WizardState

LONGEST_QUOTED = 100  # characters of a cell in a message
NO_SUCH_COLUMN = "The sampled files have no column %(value)s that could be chosen here. Choose another one."


class StepForm(forms.Form):
    """A step's questions."""

    def __init__(self, *args: Any, state: WizardState, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state = state
        self.set_choices()

    def set_choices(self) -> None:
        """Fill in what depends on the draft."""

    def to_answer(self) -> dict[str, Any]:
        """The answer as it is saved: JSON, by question."""
        return self.cleaned_data

    def sampled_files(self) -> tuple[S3Object, ...] | None:
        """The files that the draft's sample is from now on; None where the step leaves them as they are."""
        return None

    def shown(self, question: str) -> str:
        """The question's value as the page shows it, whether submitted or saved."""
        return self[question].value() or ""

    def column_choices(self, *without: str) -> list[tuple[str, str]]:
        return [(name, name) for name in self.state.sample.names if name not in without]
