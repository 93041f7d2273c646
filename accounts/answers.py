"""The answer to an invitation by its recipient. Accepting creates the membership.

A person with a verified address signs in and answers. Anybody else sets a password when they accept; what was
set before, perhaps by somebody else, is removed: password, second factor, sessions (accounts/proof.py).
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from django.db import IntegrityError, transaction

from accounts.invitations import close, lock_account, may_still_invite
from accounts.journal import record_by_person
from accounts.models import Invitation, Membership, User
from accounts.notices import tell_owner
from accounts.proof import can_sign_in, has_verified_address, is_unclaimed, remove_credentials, verify_address
from accounts.selectors import find_user
from accounts.services import check_password
from audit.services import record
from audit.snapshots import take_snapshot


class NextStep(Enum):
    """What the person who followed the link can do next."""

    CLOSED = "nothing: the person was deactivated"
    OTHER_PERSON = "sign out: the link is for another address"
    ANSWER = "answer"
    SIGN_IN = "sign in first"
    PASSWORD = "set a password and accept"  # noqa: S105  # nosec B105
    EITHER = "sign in, or set a password: the page does not reveal whether the address is known"


class InvitationClosed(Exception):
    """It was answered or withdrawn, has expired, or the inviter may no longer invite."""


class SignInFirst(Exception):
    """The link must not set a password for this person: they have to sign in."""


def find_next_step(*, invitation: Invitation, signed_in: User | None) -> NextStep:
    person = find_user(email=invitation.email)
    if person is not None and not person.is_active:
        return NextStep.CLOSED
    if signed_in is not None:
        if signed_in != person:
            return NextStep.OTHER_PERSON
        return NextStep.ANSWER if has_verified_address(person) else NextStep.PASSWORD
    if not invitation.mailed:
        return NextStep.EITHER
    return NextStep.PASSWORD if person is None or _may_use_mailed_link(person) else NextStep.SIGN_IN


@transaction.atomic
def accept(*, invitation: Invitation, user: User, now: datetime) -> Membership:
    """By the signed-in owner of the address. Raises InvitationClosed, or SignInFirst for others."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if find_user(email=invitation.email) != user or not user.is_active or not has_verified_address(user):
        raise SignInFirst
    return _join(invitation, user, now)


@transaction.atomic
def accept_with_password(
    *, invitation: Invitation, password: str, signed_in: User | None, now: datetime
) -> User:
    """By the person who followed the link: sets their password and makes them a member.

    A mailed link verifies the address. A link handed over by an admin does not: it sets the password only of
    an unclaimed person, or of one who is signed in. Raises InvitationClosed, SignInFirst, or ValidationError
    keyed by `password`.
    """
    check_password(password=password, email=invitation.email, name=invitation.name)
    person = _lock_person(invitation.email)
    if person is None:
        if signed_in is not None:
            raise SignInFirst
        person = _create_person(invitation, now)
    else:
        _prepare_existing_person(invitation, person, signed_in, now)
    person.set_password(password)
    person.save(update_fields=["password"])
    record_by_person("person.password_set_by_invitation", user=person)
    _join(invitation, person, now)
    return person


@transaction.atomic
def decline(*, invitation: Invitation, user: User | None, now: datetime) -> None:
    """By the person, or by whoever followed the link. Raises InvitationClosed."""
    if not close(invitation=invitation, state=Invitation.State.DECLINED, now=now, by=user):
        raise InvitationClosed


def _prepare_existing_person(
    invitation: Invitation, person: User, signed_in: User | None, now: datetime
) -> None:
    """Raises InvitationClosed or SignInFirst."""
    if not person.is_active:
        raise InvitationClosed
    if not _may_set_password(invitation, person, signed_in):
        raise SignInFirst
    if invitation.mailed:
        verify_address(user=person, now=now)
    elif not has_verified_address(person):
        remove_credentials(user=person)
    tell_owner(person, "password")


def _may_use_mailed_link(person: User) -> bool:
    """Whether a mailed link may set the password of the person."""
    return not has_verified_address(person) or not can_sign_in(person)


def _may_set_password(invitation: Invitation, person: User, signed_in: User | None) -> bool:
    if signed_in is not None:
        return signed_in == person and not has_verified_address(person)
    return _may_use_mailed_link(person) if invitation.mailed else is_unclaimed(person)


def _lock_person(email: str) -> User | None:
    """Locked, so that no concurrent answer comes between check and write."""
    person = find_user(email=email)
    return person and User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _create_person(invitation: Invitation, now: datetime) -> User:
    shown_at = now if invitation.mailed else None
    try:
        with transaction.atomic():
            return User.objects.create_user(
                invitation.email, name=invitation.name, address_verified_at=shown_at
            )
    except IntegrityError:  # by another link, concurrently
        raise SignInFirst from None


def _join(invitation: Invitation, user: User, now: datetime) -> Membership:
    """Raises InvitationClosed, which rolls the transaction back."""
    lock_account(invitation.account)
    if invitation.expires_at <= now or not may_still_invite(invitation):
        raise InvitationClosed
    if not close(invitation=invitation, state=Invitation.State.ACCEPTED, now=now, by=user):
        raise InvitationClosed
    account = invitation.account
    membership, created = Membership.objects.for_account(account).get_or_create(
        account=account, user=user, defaults={"role": invitation.role, "name": invitation.name}
    )
    if created:
        after = take_snapshot(membership)
        record("member.created", account=account, target=membership, after=after, actor=user)
    return membership
