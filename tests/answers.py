"""How other stores than AWS's answer: changes of the stand-in's answers, for StandIn.alter.

Each is a function of a request and its answer. `times` in StandIn.alter says how often it does so.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from demo.standin.requests import Answer, Request, error_answer

Change = Callable[[Request, Answer], None]
ENTRY = re.compile("<Contents>.*?</Contents>", re.DOTALL)
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title><br></head><body>Please sign in</body></html>"
WELL_FORMED_PAGE = "<html xmlns='http://www.w3.org/1999/xhtml'><body><p>Please sign in</p></body></html>"


def set_text(answer: Answer, text: str | bytes, *, kind: str = "") -> None:
    """Make this the answer's body."""
    body = text.encode() if isinstance(text, str) else text
    answer.body, answer.length = [body], len(body)
    if kind:
        answer.headers["Content-Type"] = kind


def edit(change: Callable[[str], str]) -> Change:
    """Change the text of the answer, where it is one of status 200."""

    def edit_answer(_request: Request, answer: Answer) -> None:
        if answer.status == 200:
            set_text(answer, change(b"".join(answer.body).decode()))

    return edit_answer


def replace(pattern: str, by: str, *, count: int = 0) -> Change:
    """Replace what matches the regular expression: everywhere, or in the first `count` places."""
    return edit(lambda text: re.sub(pattern, by, text, count=count, flags=re.DOTALL))


def without(element: str, *, count: int = 0) -> Change:
    """Leave the element out."""
    return replace(f"<{element}>.*?</{element}>", "", count=count)


def page(html: str) -> Change:
    """Another page in place of the answer, with status 200: a proxy's, or a sign-in's."""

    def show_page(_request: Request, answer: Answer) -> None:
        answer.status, answer.headers = 200, {}
        set_text(answer, html, kind="text/html")

    return show_page


def add_entry(key: str) -> Change:
    """One entry more at the listing's end; the key is written as it is given."""
    entry = (
        f"<Contents><Key>{key}</Key><LastModified>2024-05-01T00:00:00Z</LastModified><ETag>0</ETag>"
        "<Size>5</Size></Contents>"
    )
    return replace("</ListBucketResult>", f"{entry}</ListBucketResult>")


def make_weak(request: Request, answer: Answer) -> None:
    """ETags are weak, and If-Match never holds for one of those: RFC 9110, 13.1.1."""
    if "if-match" in request.headers and answer.status != 404:
        refused = error_answer(412, "PreconditionFailed", "At least one of the pre-conditions did not hold")
        answer.status, answer.headers = refused.status, refused.headers
        answer.body, answer.length = refused.body, refused.length
    elif "ETag" in answer.headers:
        answer.headers["ETag"] = f"W/{answer.headers['ETag']}"
    else:
        replace("<ETag>", "<ETag>W/")(request, answer)
