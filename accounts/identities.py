"""Who may sign in by single sign-on: members whose e-mail address the provider has verified."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.addresses import has_ascii_local_part, normalise_domain, normalise_if_valid
from accounts.invitations import is_invited
from accounts.journal import record_about_person
from accounts.models import Account, Identity, User
from accounts.proof import verify_address
from accounts.roles import VIEWER
from accounts.selectors import find_user
from accounts.services import add_member


class SignInRefused(Exception):
    """The text says why, and what to do. The same for an unknown address and for a deactivated person."""


NOT_A_MEMBER = "{email} has no sign-in here. Ask an admin of your company's account to invite you."
NOT_VERIFIED = (
    "The provider does not say that your e-mail address is verified. Verify it there, then try again."
)
AMBIGUOUS_ADDRESS = (
    "{email} could be mistaken for another address or is not valid, so it was not linked. "
    "Sign in with your password."
)
OTHER_DOMAIN = "{email} is not in a domain of this single sign-on. Sign in with your password."
OTHER_PERSON = (
    "{email} belongs to another person at the provider than the one who signed in here before. "
    "Ask your Denominator administrator to remove the old identity."
)


def find_or_link(*, claims: dict[str, Any]) -> User:
    """The person of a verified ID token, found by address the first time, later by subject.

    So a reassigned address at the provider does not give access to the former owner's sign-in. Raises
    SignInRefused.
    """
    issuer, subject = claims["iss"], str(claims["sub"])
    known = Identity.objects.select_related("user").filter(issuer=issuer, subject=subject).first()
    if known is not None:
        _check_domain(known.user.email)
        return _require_active(known.user, known.user.email)
    email = _read_verified_email(claims)
    user = _require_active(find_user(email=email) or _sign_up(email, claims), email)
    _link(user, issuer=issuer, subject=subject)
    return user


def _read_verified_email(claims: dict[str, Any]) -> str:
    email = str(claims.get("email") or "")
    if not email or claims.get("email_verified") not in (True, "true"):
        raise SignInRefused(NOT_VERIFIED)
    _check_domain(email)
    normal = normalise_if_valid(email)
    try:
        User._meta.get_field("email").run_validators(normal)
    except ValidationError:
        raise SignInRefused(AMBIGUOUS_ADDRESS.format(email=email)) from None
    if not has_ascii_local_part(email):
        raise SignInRefused(AMBIGUOUS_ADDRESS.format(email=email))
    return normal


def _check_domain(email: str) -> None:
    domain = normalise_domain(email.rpartition("@")[2])
    allowed = {normalise_domain(name) for name in settings.OIDC_EMAIL_DOMAINS}
    if allowed and domain not in allowed:
        raise SignInRefused(OTHER_DOMAIN.format(email=email))


def _sign_up(email: str, claims: dict[str, Any]) -> User:
    """A new viewer of OIDC_SIGN_UP_ACCOUNT where that is set; or an invited person, who can then answer."""
    account = Account.objects.filter(slug=settings.OIDC_SIGN_UP_ACCOUNT).first()
    if account is None:
        now = timezone.now()
        if is_invited(email=email, now=now):
            return User.objects.create_user(email, address_verified_at=now)
        raise SignInRefused(NOT_A_MEMBER.format(email=email))
    membership, _ = add_member(
        account=account, email=email, role=VIEWER, name=str(claims.get("name") or "")[:200]
    )
    return membership.user


def _require_active(user: User, email: str) -> User:
    if not user.is_active:
        raise SignInRefused(NOT_A_MEMBER.format(email=email))
    return user


def _link(user: User, *, issuer: str, subject: str) -> None:
    try:
        with transaction.atomic():
            verify_address(user=user, now=timezone.now())
            Identity.objects.create(user=user, issuer=issuer, subject=subject)
            record_about_person("person.identity_linked", user=user, after={"issuer": issuer})
    except IntegrityError:  # the person is linked to another subject already
        raise SignInRefused(OTHER_PERSON.format(email=user.email)) from None
