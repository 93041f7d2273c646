from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import account_permission, s3_csv_telemetry_required
from accounts.roles import MANAGE_TELEMETRY
from telemetry.models import Telemetry
from telemetry.wizard import steps
from telemetry.wizard.forms import StepForm
from telemetry.wizard.listing import TooManyLooks
from telemetry.wizard.models import TelemetryDraft
from telemetry.wizard.sampling import SampleProblems
from telemetry.wizard.selectors import list_endpoints, list_own_drafts, list_unfinished_drafts
from telemetry.wizard.services import (
    StaleDraft,
    TooManyDrafts,
    create_from_draft,
    discard_draft,
    sample_again,
    save_answers,
    start_draft,
)
from telemetry.wizard.state import WizardState
from telemetry.wizard.steps import Problem, Step

STALE = (
    "This draft was changed in another tab or window after you opened this page. "
    "Look at the answers below, then continue again."
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_TELEMETRY)
@s3_csv_telemetry_required
def add(request: HttpRequest) -> HttpResponse:
    """Choose the type of a new telemetry, or go on with one that was begun."""
    form = Form({})
    if request.method == "POST":
        try:
            draft = start_draft(account=request.account, user=request.user, now=timezone.now())
        except TooManyDrafts as reason:
            form.add_error(None, str(reason))
        else:
            return redirect("telemetry:step", draft.public_id, steps.STEPS[0].slug)
    drafts = list_unfinished_drafts(account=request.account, user=request.user)
    context = {
        "form": form,
        "has_endpoints": list_endpoints(account=request.account).exists(),
        "drafts": [(draft, steps.first_incomplete(draft.answers)) for draft in drafts],
    }
    return render(request, "telemetry/wizard/add.html", context, status=409 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD"])
@account_permission(MANAGE_TELEMETRY)
@s3_csv_telemetry_required
def resume(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Lead to where the draft stands."""
    state = WizardState(_get_draft(request, draft_id))
    return _redirect_to_step(state, steps.first_incomplete(state.answers))


@require_POST
@account_permission(MANAGE_TELEMETRY)
@s3_csv_telemetry_required
def discard(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    draft = _get_draft(request, draft_id)
    discard_draft(draft=draft)
    messages.success(request, f"Draft discarded: {draft}.")
    return redirect("telemetry:add")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_TELEMETRY)
@s3_csv_telemetry_required
def step(request: HttpRequest, draft_id: UUID, step: str) -> HttpResponse:
    """Show a step, or take its answer."""
    current = steps.get_step(step)
    if current is None:
        raise Http404
    state = WizardState(_get_draft(request, draft_id))
    if state.draft.telemetry is not None:
        return redirect("telemetry:detail", state.draft.telemetry.public_id)
    if steps.is_locked(current, state.answers):
        return _redirect_to_step(state, steps.first_incomplete(state.answers))
    try:
        if request.method != "POST" or "show" in request.POST or "folder" in request.POST:
            return _show(request, state, current)
        if "again" in request.POST:
            sample_again(draft=state.draft)
            return _redirect_to_step(state, current)
        return _take_answer(request, state, current)
    except SampleProblems as problem:
        return _render_problem(request, state, current, problem)


def _get_draft(request: HttpRequest, draft_id: UUID) -> TelemetryDraft:
    own = list_own_drafts(account=request.account, user=request.user)
    return get_object_or_404(own, public_id=draft_id)


def _show(request: HttpRequest, state: WizardState, current: Step) -> HttpResponse:
    """The step with its saved answer, or with what was typed where the page asks what would come of it."""
    if current.is_last:
        # What the sample can say; the bucket is looked at again when the telemetry is created.
        problems = steps.find_problems(state=state, steps=steps.STEPS[1:-1])
        form = current.form({"overlap": Telemetry.Overlap.NEWEST}, state=state)
        return _render_review(request, state, form, problems)
    typed = request.POST if request.method == "POST" else request.GET
    given = {name: typed[name] for name in current.form.base_fields if current.fragment and name in typed}
    if chosen := request.POST.get("folder"):
        given["prefix"] = chosen
    form = current.form(initial={**state.answers.get(current.slug, {}), **given}, state=state)
    if request.htmx and not request.htmx.history_restore_request and current.fragment and not chosen:
        return render(request, current.fragment, {"form": form})
    return _render(request, state, current, form)


def _take_answer(request: HttpRequest, state: WizardState, current: Step) -> HttpResponse:
    form = current.form(request.POST, state=state)
    if not form.is_valid():
        return _render(request, state, current, form)
    try:
        if current.is_last:
            return _create(request, state, form)
        return _save(request, state, current, form)
    except StaleDraft:
        return _show_stale(request, state, current, form)


def _save(request: HttpRequest, state: WizardState, current: Step, form: StepForm) -> HttpResponse:
    answers, void = steps.replace_answer(state.answers, step=current, given=form.to_answer())
    save_answers(
        draft=state.draft,
        version=_read_version(request),
        answers=answers,
        sampled=form.sampled_files(),
        now=timezone.now(),
    )
    if form.note:
        messages.info(request, form.note)
    if void:
        titles = ", ".join(step.title for step in void)
        messages.warning(
            request, f"Your change to {current.title} affects later steps. Answer again: {titles}."
        )
    if "return" in request.GET:
        return _redirect_to_step(state, steps.first_incomplete(answers), returning=bool(void))
    return _redirect_to_step(state, current.next)


def _create(request: HttpRequest, state: WizardState, form: StepForm) -> HttpResponse:
    problems = steps.find_problems(state=state)
    if problems:
        return _render_review(request, state, form, problems)
    try:
        telemetry, is_new = create_from_draft(
            draft=state.draft,
            version=_read_version(request),
            now=timezone.now(),
            **form.cleaned_data,
        )
    except ValidationError as error:
        problems = [
            Problem(steps.step_of(question), text)
            for question, texts in error.message_dict.items()
            for text in texts
        ]
        return _render_review(request, state, form, problems)
    if is_new:
        at = settings.DAILY_SYNC_TIME.strftime("%H:%M")
        messages.success(
            request,
            f"{telemetry.name} was created. First sync at {at} UTC, or choose Sync now.",
        )
    return redirect("telemetry:detail", telemetry.public_id)


def _show_stale(request: HttpRequest, state: WizardState, current: Step, form: StepForm) -> HttpResponse:
    """What was typed stays on the page; the draft is as the other tab left it."""
    fresh = WizardState(_get_draft(request, state.draft.public_id))
    if fresh.draft.telemetry is not None:
        return redirect("telemetry:detail", fresh.draft.telemetry.public_id)
    if steps.is_locked(current, fresh.answers):
        messages.warning(request, STALE)
        return _redirect_to_step(fresh, steps.first_incomplete(fresh.answers))
    form.add_error(None, STALE)
    return _render(request, fresh, current, form)


def _render_review(
    request: HttpRequest, state: WizardState, form: StepForm, problems: list[Problem]
) -> HttpResponse:
    """The review; each problem leads to the step that can mend it."""
    for problem in problems:
        url = f"{_step_url(state, problem.step)}?return=review"
        form.add_error(None, format_html('<a href="{}">{}</a>: {}', url, problem.step.title, problem.message))
    return _render(request, state, steps.REVIEW, form)


def _render_problem(
    request: HttpRequest, state: WizardState, current: Step, problem: Exception
) -> HttpResponse:
    """In place of a step whose sample cannot be read: why, and what to do."""
    form = Form({})
    form.add_error(None, str(problem))
    response = _render(request, state, current, form, template="telemetry/wizard/problem.html")
    response.status_code = 429 if isinstance(problem, TooManyLooks) else 200
    return response


def _render(
    request: HttpRequest, state: WizardState, current: Step, form: Form, *, template: str = ""
) -> HttpResponse:
    returning = "return" in request.GET and not steps.is_locked(steps.REVIEW, state.answers)
    back = steps.REVIEW if returning else current.previous
    page = {
        "draft": state.draft,
        "step": current,
        "steps": _list_progress(state, current),
        "form": form,
        "back_url": _step_url(state, back) if back else reverse("telemetry:add"),
    }
    return render(request, template or current.template, page)


def _list_progress(state: WizardState, current: Step) -> list[dict[str, str]]:
    """The steps as components/steps.html takes them."""
    progress = []
    for one in steps.STEPS:
        locked = steps.is_locked(one, state.answers)
        status = "locked" if locked else "done" if one.slug in state.answers else "open"
        progress.append(
            {
                "label": one.title,
                "url": "" if locked else _step_url(state, one),
                "state": "current" if one is current else status,
            }
        )
    return progress


def _step_url(state: WizardState, to: Step) -> str:
    return reverse("telemetry:step", args=[state.draft.public_id, to.slug])


def _redirect_to_step(state: WizardState, to: Step, *, returning: bool = False) -> HttpResponse:
    return redirect(_step_url(state, to) + ("?return=review" if returning else ""))


def _read_version(request: HttpRequest) -> int:
    """The draft's version that the page was shown for; 0, which none has, where it is not said."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
