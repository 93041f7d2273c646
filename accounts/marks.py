"""The mark of a page: the person and account it was made for, signed, sent back by its forms and htmx.

Two tabs share one session. Without it, a form opened in one account and sent after switching in the other tab
would act on the wrong one (docs/decisions/0025).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest

from accounts.models import Account, User

FIELD, HEADER = "made_for", "X-Made-For"
SALT = "accounts.marks"

# Routes that act on the session alone: for these only the mark's person must match.
SESSION_ROUTES = {
    "accounts:logout": "ends the session, in any account; signing out must always work",
    "accounts:switch": "names the new account; the previous one does not matter",
}
# Namespaces whose forms carry no mark.
EXEMPT = {
    "admin": "operators have no active account; each page names the object that it changes",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """`person` and `slug` are empty where nobody was signed in, or no account was active."""

    person: str
    slug: str
    name: str

    def matches(self, request: HttpRequest) -> bool:
        """Whether the request comes from the mark's person, and in the mark's account where that matters."""
        if not self.matches_person(request):
            return False
        account = request.account
        is_same = self.slug == (account.slug if account else "")
        return is_same or request.resolver_match.view_name in SESSION_ROUTES

    def matches_person(self, request: HttpRequest) -> bool:
        return self.person == _identify(request.user)


def make_mark(*, user: User | AnonymousUser | None, account: Account | None) -> str:
    """The mark of a page that is made for this person in this account."""
    values = [_identify(user), account.slug if account else "", account.name if account else ""]
    return Signer(salt=SALT).sign_object(values)


def read_mark(text: str) -> Mark | None:
    """None where the signature is not ours."""
    try:
        return Mark(*Signer(salt=SALT).unsign_object(text))
    except BadSignature:
        return None


def find_wrong_mark(request: HttpRequest) -> tuple[bool, Mark | None]:
    """Whether the request must be refused, and its mark; None where that is missing or invalid.

    htmx sends the page's mark in a header besides the form's own: both must match.
    """
    texts = request.POST.getlist(FIELD)
    if HEADER in request.headers:
        texts.append(request.headers[HEADER])
    marks = [read_mark(text) for text in texts] or [None]
    for mark in marks:
        if mark is None or not mark.matches(request):
            return True, mark
    return False, None


def _identify(user: User | AnonymousUser | None) -> str:
    return str(user.pk) if user is not None and user.is_authenticated else ""
