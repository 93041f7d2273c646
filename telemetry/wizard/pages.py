"""How the wizard's views answer: a step's page, or the way to another step."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html

from telemetry.wizard import steps
from telemetry.wizard.forms import StepForm
from telemetry.wizard.listing import TooManyLooks
from telemetry.wizard.state import WizardState
from telemetry.wizard.steps import Problem, Step


def render_review(
    request: HttpRequest, state: WizardState, form: StepForm, problems: list[Problem]
) -> HttpResponse:
    """The review; each problem leads to the step that can mend it."""
    for problem in problems:
        url = f"{step_url(state, problem.step)}?return=review"
        form.add_error(None, format_html('<a href="{}">{}</a>: {}', url, problem.step.title, problem.message))
    return render_step(request, state, steps.REVIEW, form)


def render_problem(
    request: HttpRequest, state: WizardState, current: Step, problem: Exception
) -> HttpResponse:
    """In place of a step whose sample cannot be read: why, and what to do."""
    form = Form({})
    form.add_error(None, str(problem))
    response = render_step(request, state, current, form, template="telemetry/wizard/problem.html")
    response.status_code = 429 if isinstance(problem, TooManyLooks) else 200
    return response


def render_step(
    request: HttpRequest, state: WizardState, current: Step, form: Form, *, template: str = "", **more: Any
) -> HttpResponse:
    returning = "return" in request.GET and not steps.is_locked(steps.REVIEW, state.answers)
    back = steps.REVIEW if returning else current.previous
    page = {
        "draft": state.draft,
        "step": current,
        "steps": _list_progress(state, current),
        "form": form,
        "back_url": step_url(state, back) if back else reverse("telemetry:list"),
        "subject": _describe_subject(state),
        **more,
    }
    return render(request, template or current.template, page)


def _describe_subject(state: WizardState) -> dict[str, Any] | None:
    """What every step names: the telemetry, where its files are, and those that its sample is from."""
    if state.endpoint is None or "source" not in state.answers:
        return None
    endpoint, prefix = state.endpoint, state.get("source", "prefix")
    return {
        "name": state.draft.name,
        "place": f"s3://{endpoint.bucket}/{endpoint.full_prefix(prefix)}",
        "files": [entry["key"] for entry in state.draft.sampled],
    }


def _list_progress(state: WizardState, current: Step) -> list[dict[str, str]]:
    """The steps as components/steps.html takes them."""
    progress = []
    for one in steps.STEPS:
        locked = steps.is_locked(one, state.answers)
        status = "locked" if locked else "done" if one.slug in state.answers else "open"
        progress.append(
            {
                "label": one.title,
                "url": "" if locked else step_url(state, one),
                "state": "current" if one is current else status,
            }
        )
    return progress


def step_url(state: WizardState, to: Step) -> str:
    return reverse("telemetry:step", args=[state.draft.public_id, to.slug])


def redirect_to_step(state: WizardState, to: Step, *, returning: bool = False) -> HttpResponse:
    return redirect(step_url(state, to) + ("?return=review" if returning else ""))
