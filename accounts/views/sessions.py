"""Your sessions: where somebody is signed in as you, and their end."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import SignIn
from accounts.sign_ins import end_other_sessions, end_session, list_events, list_open_sessions


@require_safe
@login_required
def show_sessions(request: HttpRequest) -> HttpResponse:
    context = {
        "sessions": list_open_sessions(
            user=request.user, this=request.session.session_key, now=timezone.now()
        ),
        "events": list_events(user=request.user),
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
@login_required
def end(request: HttpRequest, session_id: UUID) -> HttpResponse:
    sign_in = get_object_or_404(SignIn, user=request.user, public_id=session_id)
    if sign_in.session_key == request.session.session_key:
        messages.error(request, "This is the session that you are in. Sign out to end it.")
    else:
        end_session(sign_in=sign_in)
        messages.success(request, "The session was ended.")
    return redirect("accounts:sessions")


@require_POST
@login_required
def end_others(request: HttpRequest) -> HttpResponse:
    end_other_sessions(user=request.user)
    update_session_auth_hash(request, request.user)
    messages.success(request, "Every other session of yours was ended.")
    return redirect("accounts:sessions")
