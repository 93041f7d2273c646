"""The wizard's judgement without its pages: what its steps would say against answers given all at once."""

from __future__ import annotations

from collections import defaultdict

from accounts.models import Account
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.sampling import forget_sample
from telemetry.wizard.state import WizardState
from telemetry.wizard.steps import STEPS, Answers, Step


def check_answers(*, account: Account, answers: Answers) -> dict[str, list[str]]:
    """Texts by question, in the wizard's words; empty where it would create the telemetry.

    Reads a sample of the newest files, of which nothing is kept. Raises StorageError where they cannot be
    read, and FileError where one of them would fail a sync.
    """
    draft = TelemetryDraft(account=account, answers=answers)  # never saved
    state = WizardState(draft)
    try:
        source, *others = STEPS[:-1]
        problems = _judge(source, state)
        if problems:  # there is nothing to hold the columns against
            return problems
        found: dict[str, list[str]] = defaultdict(list)
        for step in others:
            for question, texts in _judge(step, state).items():
                found[question] += texts
        return dict(found)
    finally:
        forget_sample(draft=draft)


def _judge(step: Step, state: WizardState) -> dict[str, list[str]]:
    form = step.form(state.answers[step.slug], state=state)
    if form.errors or not form.note:
        return {question: list(texts) for question, texts in form.errors.items()}
    return {"prefix": [f"{form.note} Enter it so."]}  # who gives all answers at once sees no page
