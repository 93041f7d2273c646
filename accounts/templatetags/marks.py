"""`{% form_marks %}` belongs in every POST form, `{% htmx_marks %}` on the body; both are built-in tags."""

from __future__ import annotations

import json

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.marks import FIELD, HEADER, make_mark

register = template.Library()


@register.simple_tag(takes_context=True)
def form_marks(context: Context) -> SafeString:
    """Hidden fields: the CSRF token and the mark of the page."""
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="{}" value="{}">',
        context.get("csrf_token", ""),
        FIELD,
        _make(context),
    )


@register.simple_tag(takes_context=True)
def htmx_marks(context: Context) -> SafeString:
    """The same as headers of the page's htmx requests."""
    headers = {"X-CSRFToken": str(context.get("csrf_token", "")), HEADER: _make(context)}
    return format_html('hx-headers="{}"', json.dumps(headers))


def _make(context: Context) -> str:
    """An error page may be rendered for a request that no middleware has seen."""
    request = context.get("request")
    return make_mark(user=getattr(request, "user", None), account=getattr(request, "account", None))
