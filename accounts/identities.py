"""Whom the single sign-on lets in: members, by an e-mail address that the provider has verified."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.addresses import find_normal, is_plain, normalise_domain
from accounts.invitations import is_asked
from accounts.journal import record_about_person
from accounts.models import Account, Identity, User
from accounts.proof import show_address
from accounts.roles import VIEWER
from accounts.selectors import find_user
from accounts.services import add_member


class NotLetIn(Exception):
    """Why, and what to do, for the person to read. The same for an unknown address and for a closed one."""


NO_MEMBER = "{email} has no sign-in here. Ask an admin of your company's account to invite you."
NOT_VERIFIED = (
    "The provider does not say that your e-mail address is verified. Verify it there, then try again."
)
ODD_ADDRESS = (
    "{email} could be mistaken for another address, or is none, so it is linked to nobody. "
    "Sign in with your password."
)
OTHER_DOMAIN = "{email} is not of a domain that this single sign-on speaks for. Sign in with your password."
SOMEBODY_ELSE = (
    "{email} belongs to another person at the provider than the one who signed in here before. "
    "Ask your Denominator administrator to remove the old identity."
)


def find_or_link(*, claims: dict[str, Any]) -> User:
    """The person of a verified ID token. The first time it is found by its address, later by its subject.

    So whoever is given somebody's old address at the provider does not become them here. Raises NotLetIn.
    """
    issuer, subject = claims["iss"], str(claims["sub"])
    known = Identity.objects.select_related("user").filter(issuer=issuer, subject=subject).first()
    if known is not None:
        _check_domain(known.user.email)
        return _only_active(known.user, known.user.email)
    email = _read_verified_email(claims)
    user = _only_active(find_user(email=email) or _sign_up(email, claims), email)
    _link(user, issuer=issuer, subject=subject)
    return user


def _read_verified_email(claims: dict[str, Any]) -> str:
    email = str(claims.get("email") or "")
    if not email or claims.get("email_verified") not in (True, "true"):
        raise NotLetIn(NOT_VERIFIED)
    _check_domain(email)
    normal = find_normal(email)
    try:
        User._meta.get_field("email").run_validators(normal)
    except ValidationError:
        raise NotLetIn(ODD_ADDRESS.format(email=email)) from None
    if not is_plain(email):
        raise NotLetIn(ODD_ADDRESS.format(email=email))
    return normal


def _check_domain(email: str) -> None:
    domain = normalise_domain(email.rpartition("@")[2])
    allowed = {normalise_domain(name) for name in settings.OIDC_EMAIL_DOMAINS}
    if allowed and domain not in allowed:
        raise NotLetIn(OTHER_DOMAIN.format(email=email))


def _sign_up(email: str, claims: dict[str, Any]) -> User:
    """A new viewer of OIDC_SIGN_UP_ACCOUNT, where that is set; or somebody who is invited, to answer."""
    account = Account.objects.filter(slug=settings.OIDC_SIGN_UP_ACCOUNT).first()
    if account is None:
        now = timezone.now()
        if is_asked(email=email, now=now):
            return User.objects.create_user(email, address_verified_at=now)
        raise NotLetIn(NO_MEMBER.format(email=email))
    membership, _ = add_member(
        account=account, email=email, role=VIEWER, name=str(claims.get("name") or "")[:200]
    )
    return membership.user


def _only_active(user: User, email: str) -> User:
    if not user.is_active:
        raise NotLetIn(NO_MEMBER.format(email=email))
    return user


def _link(user: User, *, issuer: str, subject: str) -> None:
    try:
        with transaction.atomic():
            show_address(user=user, now=timezone.now())
            Identity.objects.create(user=user, issuer=issuer, subject=subject)
            record_about_person("person.identity_linked", user=user, after={"issuer": issuer})
    except IntegrityError:  # the person is somebody else there already
        raise NotLetIn(SOMEBODY_ELSE.format(email=user.email)) from None
