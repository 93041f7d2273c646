"""The wizard's steps, declared once. What is locked, next and previous follows from the saved answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telemetry.models.drafts import TYPED
from telemetry.wizard.forms import (
    DateForm,
    DimensionsForm,
    MetricForm,
    PreviewForm,
    ReviewForm,
    SourceForm,
    StepForm,
)
from telemetry.wizard.state import WizardState

Answers = dict[str, dict[str, Any]]  # by step, then by question

SOURCE_FILES = frozenset({"endpoint", "prefix"})
COLUMN_QUESTIONS = ("date_column", "dimensions", "metric_column")  # a column is the answer to one alone


@dataclass(frozen=True, slots=True)
class Step:
    """`depends_on`: the earlier questions whose changed answer makes this step's answer void.

    `fragment` is the part of the page that htmx renews while one fills in the form.
    """

    number: int
    slug: str
    title: str
    form: type[StepForm]
    depends_on: frozenset[str] = frozenset()
    fragment: str = ""

    @property
    def template(self) -> str:
        return f"telemetry/wizard/{self.slug}.html"

    @property
    def heading(self) -> str:
        return f"Step {self.number} of {len(STEPS)}: {self.title}"

    @property
    def is_last(self) -> bool:
        return self.number == len(STEPS)

    @property
    def previous(self) -> Step | None:
        return STEPS[self.number - 2] if self.number > 1 else None

    @property
    def next(self) -> Step:
        return STEPS[self.number]


STEPS = (
    Step(1, "source", "Source", SourceForm, fragment="telemetry/wizard/source_files.html"),
    Step(2, "preview", "Preview", PreviewForm, depends_on=SOURCE_FILES),
    Step(3, "date", "Date", DateForm, depends_on=SOURCE_FILES, fragment="telemetry/wizard/date_formats.html"),
    Step(4, "dimensions", "Dimensions", DimensionsForm, depends_on=SOURCE_FILES),
    Step(
        5,
        "metric",
        "Metric",
        MetricForm,
        depends_on=SOURCE_FILES,
        fragment="telemetry/wizard/identifier.html",
    ),
    Step(6, "review", "Review", ReviewForm),
)
REVIEW = STEPS[-1]


def get_step(slug: str) -> Step | None:
    return next((step for step in STEPS if step.slug == slug), None)


def first_incomplete(answers: Answers) -> Step:
    """Where the draft stands: the first step without an answer, the review where all have one."""
    return next((step for step in STEPS[:-1] if step.slug not in answers), REVIEW)


def is_locked(step: Step, answers: Answers) -> bool:
    return step.number > first_incomplete(answers).number


def replace_answer(answers: Answers, *, step: Step, given: dict[str, Any]) -> tuple[Answers, list[Step]]:
    """The answers with the step's new one, and the later steps whose answers that makes void.

    Void is what depends on a question answered differently now, and what uses a column that the new answer
    takes for itself.
    """
    before = answers.get(step.slug, {})
    changed = {question for question, answer in given.items() if before.get(question) != answer}
    taken = _columns_in(given)
    kept = {**answers, step.slug: given}
    kept.pop(TYPED, None)
    void = [
        later
        for later in STEPS[step.number :]
        if later.slug in kept and (later.depends_on & changed or _columns_in(kept[later.slug]) & taken)
    ]
    for later in void:
        del kept[later.slug]
    return kept, void


def _columns_in(answer: dict[str, Any]) -> set[str]:
    columns: set[str] = set()
    for question in COLUMN_QUESTIONS:
        value = answer.get(question, [])
        columns.update([value] if isinstance(value, str) else value)
    return columns


@dataclass(frozen=True, slots=True)
class Problem:
    """A saved answer that does not hold any more."""

    step: Step
    message: str


def find_problems(*, state: WizardState, steps: Sequence[Step] = STEPS[:-1]) -> list[Problem]:
    """Judge the saved answers again, by the forms that took them. Raises StorageError and FileError."""
    problems = []
    for step in steps:
        form = step.form(state.answers[step.slug], state=state)
        problems += [Problem(step, text) for messages in form.errors.values() for text in messages]
    return problems


def step_of(question: str) -> Step:
    """The step that asks the question; the review for what belongs to none."""
    return next((step for step in STEPS if question in step.form.base_fields), REVIEW)
