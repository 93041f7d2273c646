"""The answer to an invitation, by the person whom it is for. With their yes the membership begins.

Whoever has shown that the address is theirs answers, signed in. Anybody else sets a password with their yes,
and what was set before, perhaps by somebody else, is forgotten: password, second factor, sessions
(accounts/proof.py).
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from django.db import IntegrityError, transaction

from accounts.invitations import close, lock_account, may_still_invite
from accounts.journal import record_own
from accounts.models import Invitation, Membership, User
from accounts.notices import tell_owner
from accounts.proof import forget_what_was_set, has_shown_address, has_way_in, is_nobodys, show_address
from accounts.selectors import find_user
from accounts.services import check_password
from audit.services import record
from audit.snapshots import take_snapshot


class Way(Enum):
    """What whoever has followed the link can do."""

    CLOSED = "nothing: the person was deactivated"
    SOMEBODY_ELSE = "sign out: the link is for another address"
    ANSWER = "answer"
    SIGN_IN = "sign in first"
    PASSWORD = "set a password, and with it say yes"  # noqa: S105  # nosec B105
    EITHER = "sign in, or set a password: the page does not tell whether anybody has the address"


class InvitationClosed(Exception):
    """It was answered, withdrawn or has expired in the meantime, or who has invited no longer may."""


class SignInFirst(Exception):
    """The link sets no password for this person: they sign in."""


def find_way(*, invitation: Invitation, signed_in: User | None) -> Way:
    person = find_user(email=invitation.email)
    if person is not None and not person.is_active:
        return Way.CLOSED
    if signed_in is not None:
        if signed_in != person:
            return Way.SOMEBODY_ELSE
        return Way.ANSWER if has_shown_address(person) else Way.PASSWORD
    if not invitation.mailed:
        return Way.EITHER
    return Way.PASSWORD if person is None or _is_for_mail_to_open(person) else Way.SIGN_IN


@transaction.atomic
def accept(*, invitation: Invitation, user: User, now: datetime) -> Membership:
    """By the person, signed in, whose address it is. Raises InvitationClosed, or SignInFirst for others."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if find_user(email=invitation.email) != user or not user.is_active or not has_shown_address(user):
        raise SignInFirst
    return _join(invitation, user, now)


@transaction.atomic
def accept_with_password(
    *, invitation: Invitation, password: str, signed_in: User | None, now: datetime
) -> User:
    """By whoever has followed the link: they have this password from now on, and are a member.

    A mailed link shows that the address is theirs. One that an admin has handed over shows nothing: it sets
    the password of a person on whom nothing hangs, or of one who has signed in themselves.
    Raises InvitationClosed, SignInFirst, or ValidationError keyed by `password`.
    """
    check_password(password=password, email=invitation.email, name=invitation.name)
    person = _lock_person(invitation.email)
    if person is None:
        if signed_in is not None:
            raise SignInFirst
        person = _create_person(invitation, now)
    else:
        _begin_anew(invitation, person, signed_in, now)
    person.set_password(password)
    person.save(update_fields=["password"])
    record_own("person.password_set_by_invitation", user=person)
    _join(invitation, person, now)
    return person


@transaction.atomic
def decline(*, invitation: Invitation, user: User | None, now: datetime) -> None:
    """By the person, or by whoever has followed the link. Raises InvitationClosed."""
    if not close(invitation=invitation, state=Invitation.State.DECLINED, now=now, by=user):
        raise InvitationClosed


def _begin_anew(invitation: Invitation, person: User, signed_in: User | None, now: datetime) -> None:
    """For somebody who exists already. Raises InvitationClosed or SignInFirst."""
    if not person.is_active:
        raise InvitationClosed
    if not _may_set_password(invitation, person, signed_in):
        raise SignInFirst
    if invitation.mailed:
        show_address(user=person, now=now)
    elif not has_shown_address(person):
        forget_what_was_set(user=person)
    tell_owner(person, "password")


def _is_for_mail_to_open(person: User) -> bool:
    """Whether the link in the mailbox is the way in: nobody has shown the address, or can sign in."""
    return not has_shown_address(person) or not has_way_in(person)


def _may_set_password(invitation: Invitation, person: User, signed_in: User | None) -> bool:
    if signed_in is not None:
        return signed_in == person and not has_shown_address(person)
    return _is_for_mail_to_open(person) if invitation.mailed else is_nobodys(person)


def _lock_person(email: str) -> User | None:
    """So that no other answer of theirs comes between what is looked at and what is set."""
    person = find_user(email=email)
    return person and User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _create_person(invitation: Invitation, now: datetime) -> User:
    shown_at = now if invitation.mailed else None
    try:
        with transaction.atomic():
            return User.objects.create_user(
                invitation.email, name=invitation.name, address_verified_at=shown_at
            )
    except IntegrityError:  # by another link, in the same moment
        raise SignInFirst from None


def _join(invitation: Invitation, user: User, now: datetime) -> Membership:
    """Raises InvitationClosed, which undoes what was done before it."""
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
