"""Which person and which account a page was made for: a signed mark, which its forms and htmx send back.

Two tabs share one session. A form that was opened in one account and is sent after another one was chosen in
the other tab would otherwise act on that one (docs/decisions/0025).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest

from accounts.models import Account, User

FIELD, HEADER = "made_for", "X-Made-For"
SALT = "accounts.marks"

# Routes that act on the person's session alone: for these the mark's person must be right, and no more.
OF_THE_SESSION = {
    "accounts:logout": "ends the session, whichever account it is in; nobody must be kept from that",
    "accounts:switch": "names the account that it leads to; the one before does not matter",
}
# Namespaces whose forms carry no mark.
EXEMPT = {
    "admin": "our operators are in no account: each of these pages names the object that it changes",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """`person` and `slug` are empty where nobody was signed in, or no account was in force."""

    person: str
    slug: str
    name: str

    def is_of(self, request: HttpRequest) -> bool:
        """Whether the person of the mark sends this, in the account of the mark where that matters."""
        if not self.is_of_person(request):
            return False
        account = request.account
        is_same = self.slug == (account.slug if account else "")
        return is_same or request.resolver_match.view_name in OF_THE_SESSION

    def is_of_person(self, request: HttpRequest) -> bool:
        return self.person == _identify(request.user)


def make_mark(*, user: User | AnonymousUser | None, account: Account | None) -> str:
    """The mark of a page that is made for this person in this account."""
    values = [_identify(user), account.slug if account else "", account.name if account else ""]
    return Signer(salt=SALT).sign_object(values)


def read_mark(text: str) -> Mark | None:
    """None where it was not made by us."""
    try:
        return Mark(*Signer(salt=SALT).unsign_object(text))
    except BadSignature:
        return None


def find_wrong_mark(request: HttpRequest) -> tuple[bool, Mark | None]:
    """Whether the request must be refused, and for which mark; None where that is missing or not ours.

    htmx sends the page's mark in a header, and that of the form within it besides: both must be right.
    """
    texts = request.POST.getlist(FIELD)
    if HEADER in request.headers:
        texts.append(request.headers[HEADER])
    marks = [read_mark(text) for text in texts] or [None]
    for mark in marks:
        if mark is None or not mark.is_of(request):
            return True, mark
    return False, None


def _identify(user: User | AnonymousUser | None) -> str:
    return str(user.pk) if user is not None and user.is_authenticated else ""
