from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import account_permission, s3_csv_telemetry_required
from accounts.roles import MANAGE_TELEMETRY
from ingestion.schedule import describe_next_sync
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft, keep_typed
from telemetry.wizard import steps
from telemetry.wizard.forms import StepForm
from telemetry.wizard.pages import redirect_to_step, render_problem, render_review, render_step
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

FIRST = steps.STEPS[0]
STALE = (
    "This draft was changed in another tab or window after you opened this page. "
    "Look at the answers below, then continue again."
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_TELEMETRY)
@s3_csv_telemetry_required
def add(request: HttpRequest) -> HttpResponse:
    """The first step of a new telemetry, which becomes a draft with the first valid input."""
    if not list_endpoints(account=request.account).exists():
        return render(request, "telemetry/wizard/add.html")
    public_id = _read_draft_id(request)
    begun = list_own_drafts(account=request.account, user=request.user).filter(public_id=public_id).first()
    if begun is not None and request.method == "POST":
        return _answer_step(request, WizardState(begun), FIRST)
    draft = TelemetryDraft(account=request.account, user=request.user, public_id=public_id)
    state = WizardState(draft)
    if request.method != "POST" or _only_asks(request):
        return _show(request, state, FIRST, drafts=_list_drafts(request))
    return _begin(request, state)


@never_cache
@require_http_methods(["GET", "HEAD"])
@account_permission(MANAGE_TELEMETRY)
@s3_csv_telemetry_required
def resume(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Lead to where the draft stands."""
    state = WizardState(_get_draft(request, draft_id))
    return redirect_to_step(state, steps.first_incomplete(state.answers))


@require_POST
@account_permission(MANAGE_TELEMETRY)
@s3_csv_telemetry_required
def discard(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    draft = _get_draft(request, draft_id)
    discard_draft(draft=draft)
    messages.success(request, f"{draft} was discarded.")
    return redirect("telemetry:list" if "list" in request.POST else "telemetry:add")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_TELEMETRY)
@s3_csv_telemetry_required
def step(request: HttpRequest, draft_id: UUID, step: str) -> HttpResponse:
    """Show a step, or take its answer."""
    current = steps.get_step(step)
    if current is None:
        raise Http404
    return _answer_step(request, WizardState(_get_draft(request, draft_id)), current)


def _answer_step(request: HttpRequest, state: WizardState, current: Step) -> HttpResponse:
    if state.draft.telemetry is not None:
        return redirect("telemetry:detail", state.draft.telemetry.public_id)
    if steps.is_locked(current, state.answers):
        return redirect_to_step(state, steps.first_incomplete(state.answers))
    try:
        if request.method != "POST" or _only_asks(request):
            return _show(request, state, current)
        if "again" in request.POST:
            sample_again(draft=state.draft)
            return redirect_to_step(state, current)
        return _take_answer(request, state, current)
    except SampleProblems as problem:
        if _is_closing(request):
            return _close(request, state.draft)
        return render_problem(request, state, current, problem)


def _begin(request: HttpRequest, state: WizardState) -> HttpResponse:
    """Take the first step's answer while there is no draft yet: make one, if anything of it is to be kept."""
    form = FIRST.form(request.POST, state=state)
    is_valid = form.is_valid()
    answers = {FIRST.slug: form.to_answer()} if is_valid else keep_typed({}, form.list_typed())
    if answers:
        try:
            state.draft = start_draft(
                account=request.account,
                user=request.user,
                now=timezone.now(),
                public_id=state.draft.public_id,
                answers=answers,
            )
        except TooManyDrafts as reason:
            form.add_error(None, str(reason))
            drafts = _list_drafts(request)
            response = render_step(request, state, FIRST, form, drafts=drafts)
            response.status_code = 409
            return response
    if is_valid and form.note:
        messages.info(request, form.note)
    if _is_closing(request) and (answers or not form.has_changed()):
        return _close(request, state.draft if answers else None)
    if is_valid:
        return redirect_to_step(state, FIRST.next)
    return render_step(request, state, FIRST, form, drafts=_list_drafts(request))


def _close(request: HttpRequest, draft: TelemetryDraft | None) -> HttpResponse:
    if draft is not None:
        messages.success(request, f"{draft} was saved. Continue with it from this page.")
    return redirect("telemetry:list")


def _get_draft(request: HttpRequest, draft_id: UUID) -> TelemetryDraft:
    own = list_own_drafts(account=request.account, user=request.user)
    return get_object_or_404(own, public_id=draft_id)


def _list_drafts(request: HttpRequest) -> list[tuple[TelemetryDraft, Step]]:
    """What the person began and has not finished, each with the step where it stands."""
    drafts = list_unfinished_drafts(account=request.account, user=request.user)
    return [(draft, steps.first_incomplete(draft.answers)) for draft in drafts]


def _only_asks(request: HttpRequest) -> bool:
    """Whether a button was pressed that shows something of what was typed, and takes no answer."""
    return "show" in request.POST or "folder" in request.POST


def _is_closing(request: HttpRequest) -> bool:
    return "close" in request.POST


def _show(request: HttpRequest, state: WizardState, current: Step, **more: Any) -> HttpResponse:
    """The step with its saved answer, or with what was typed where the page asks what would come of it."""
    if current.is_last:
        # What the sample can say; the bucket is looked at again when the telemetry is created.
        problems = steps.find_problems(state=state, steps=steps.STEPS[1:-1])
        saved = {"overlap": Telemetry.Overlap.NEWEST, **state.get_initial(current.slug)}
        form = current.form(saved, state=state)
        return render_review(request, state, form, problems)
    typed = request.POST if request.method == "POST" else request.GET
    given = {name: typed[name] for name in current.form.base_fields if current.fragment and name in typed}
    if chosen := request.POST.get("folder"):
        given["prefix"] = chosen
    form = current.form(initial={**state.get_initial(current.slug), **given}, state=state)
    if request.htmx and not request.htmx.history_restore_request and current.fragment and not chosen:
        return render(request, current.fragment, {"form": form})
    return render_step(request, state, current, form, **more)


def _take_answer(request: HttpRequest, state: WizardState, current: Step) -> HttpResponse:
    form = current.form(request.POST, state=state)
    closing = _is_closing(request)
    if closing and not form.fields:  # nothing was asked, and to leave is not to confirm
        return _close(request, state.draft)
    try:
        if not form.is_valid():
            kept = _keep_typed(request, state, form)
            if closing and (kept or not form.has_changed()):
                return _close(request, state.draft)
            return render_step(request, state, current, form)
        if current.is_last and not closing:
            return _create(request, state, form)
        return _save(request, state, current, form)
    except StaleDraft:
        return _show_stale(request, state, current, form)


def _keep_typed(request: HttpRequest, state: WizardState, form: StepForm) -> bool:
    """Keep what is valid of a first step that is not passed; whether there is anything. Raises StaleDraft."""
    typed = form.list_typed()
    if not typed or FIRST.slug in state.draft.answers:
        return False
    answers = keep_typed(state.draft.answers, typed)
    save_answers(draft=state.draft, version=_read_version(request), answers=answers, now=timezone.now())
    state.draft.refresh_from_db()
    return True


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
    if _is_closing(request):
        return _close(request, _get_draft(request, state.draft.public_id))
    if "return" in request.GET:
        return redirect_to_step(state, steps.first_incomplete(answers), returning=bool(void))
    return redirect_to_step(state, current.next)


def _create(request: HttpRequest, state: WizardState, form: StepForm) -> HttpResponse:
    problems = steps.find_problems(state=state)
    if problems:
        # A first click may have ended since the draft was read: then its own telemetry is the problem found.
        created = _get_draft(request, state.draft.public_id).telemetry
        if created is not None:
            return redirect("telemetry:detail", created.public_id)
        return render_review(request, state, form, problems)
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
        return render_review(request, state, form, problems)
    if is_new:
        first = describe_next_sync(telemetry)
        messages.success(request, f"{telemetry.name} was created. {first}, or choose Sync now.")
    return redirect("telemetry:detail", telemetry.public_id)


def _show_stale(request: HttpRequest, state: WizardState, current: Step, form: StepForm) -> HttpResponse:
    """What was typed stays on the page; the draft is as the other tab left it."""
    fresh = WizardState(_get_draft(request, state.draft.public_id))
    if fresh.draft.telemetry is not None:
        return redirect("telemetry:detail", fresh.draft.telemetry.public_id)
    if steps.is_locked(current, fresh.answers):
        messages.warning(request, STALE)
        return redirect_to_step(fresh, steps.first_incomplete(fresh.answers))
    form.add_error(None, STALE)
    return render_step(request, fresh, current, form)


def _read_version(request: HttpRequest) -> int:
    """The draft's version that the page was shown for; 0, which none has, where it is not said."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _read_draft_id(request: HttpRequest) -> UUID:
    """The id that the page was made with, so that a second click begins no second draft; or a new one."""
    try:
        return UUID(request.POST.get("draft", ""))
    except ValueError:
        return uuid4()
