"""Inviting a person to an account: by mail, or by a link that the admin hands over.

Nothing here checks whether the address is known: an admin sees the same for somebody with a sign-in in
another account as for somebody new. Answering is in accounts/answers.py.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from accounts.addresses import normalise_if_valid
from accounts.mails import is_mail_set_up, make_link, send_mail_later
from accounts.models import Account, Invitation, Membership, User
from accounts.roles import MANAGE_MEMBERS
from accounts.selectors import find_member
from accounts.throttle import allow
from accounts.validation import check_email, check_role
from audit.services import record
from audit.snapshots import take_snapshot

HOUR = 3600
PER_ADDRESS = 5  # invitations an hour from an account to one address
PER_ACCOUNT = 100  # invitations an hour
SHOWN_DECLINED = timedelta(days=30)
RETENTION = timedelta(days=90)  # after an invitation has expired
PENDING = Invitation.State.PENDING


@dataclass(frozen=True, slots=True)
class SentInvitation:
    """`link` is empty where it was mailed; else it is shown to the admin once and not stored."""

    invitation: Invitation
    link: str


def invite(
    *, account: Account, email: str, role: str, name: str = "", invited_by: User, now: datetime
) -> SentInvitation:
    """Invite the owner of the address. A new invitation replaces a pending one.

    Raises ValidationError keyed by `email` or `role`.
    """
    check_role(role)
    check_email(email)
    email = normalise_if_valid(email)
    if find_member(account=account, email=email):
        raise ValidationError(
            {"email": f"{email} is already a member. Change the role in the list of members."}
        )
    _check_rate(account, email, now)
    try:
        with transaction.atomic():
            return _invite(account, email, role, name, invited_by, now)
    except IntegrityError:  # another admin was inviting the same person
        raise ValidationError({"email": f"{email} was just invited. See the list of members."}) from None


@transaction.atomic
def resend(*, invitation: Invitation, invited_by: User, now: datetime) -> SentInvitation:
    """Send a new link; the old one stops working. Raises ValidationError beyond the rate limit."""
    _check_rate(invitation.account, invitation.email, now)
    invitation.invited_by = invited_by
    token = _renew(invitation, now)
    invitation.save(update_fields=["invited_by", "digest", "mailed", "expires_at"])
    record("invitation.sent_again", account=invitation.account, target=invitation)
    return SentInvitation(invitation, _deliver(invitation, token))


@transaction.atomic
def withdraw(*, invitation: Invitation, now: datetime) -> bool:
    """Returns whether it was still pending."""
    return close(invitation=invitation, state=Invitation.State.WITHDRAWN, now=now)


@transaction.atomic
def withdraw_all_of(*, account: Account, invited_by: User, now: datetime) -> None:
    """So that somebody who lost the right to invite cannot return by an invitation of their own."""
    for invitation in list_pending(account=account).filter(invited_by=invited_by):
        withdraw(invitation=invitation, now=now)


def close(*, invitation: Invitation, state: str, now: datetime, by: User | None = None) -> bool:
    """Returns whether it was pending: of two concurrent answers one counts. Within a transaction."""
    before = take_snapshot(invitation)
    waiting = Invitation.objects.filter(pk=invitation.pk, state=PENDING, digest=invitation.digest)
    if not waiting.update(state=state, answered_at=now):
        return False
    invitation.refresh_from_db(fields=["state", "answered_at"])
    record(
        f"invitation.{state}",
        account=invitation.account,
        target=invitation,
        before=before,
        after=take_snapshot(invitation),
        actor=by,
    )
    return True


def lock_account(account: Account) -> None:
    """Locked before the invitation, in the order of whatever removes its inviter."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)


def list_old(now: datetime) -> QuerySet[Invitation]:
    """Those answered or expired long ago; the audit log keeps their history."""
    return Invitation.objects.filter(expires_at__lt=now - RETENTION)


def list_pending(*, account: Account) -> QuerySet[Invitation]:
    """Pending invitations by address, expired ones included."""
    return Invitation.objects.for_account(account).filter(state=PENDING).select_related("invited_by")


def list_open_and_declined(*, account: Account, now: datetime) -> QuerySet[Invitation]:
    """As `list_pending`, with recently declined ones, unless invited again or a member since."""
    of_account = Invitation.objects.for_account(account)
    later = of_account.filter(email=OuterRef("email"), created_at__gt=OuterRef("created_at"))
    member = Membership.objects.for_account(account).filter(user__email=OuterRef("email"))
    declined = Q(state=Invitation.State.DECLINED, answered_at__gt=now - SHOWN_DECLINED)
    passed = Q(Exists(later)) | Q(Exists(member))
    return of_account.filter(Q(state=PENDING) | (declined & ~passed)).select_related("invited_by")


def list_for_person(*, user: User, now: datetime) -> list[Invitation]:
    """The person's open invitations, by account."""
    waiting = _list_open(email=user.email, now=now)
    return [invitation for invitation in waiting if may_still_invite(invitation)]


def is_invited(*, email: str, now: datetime) -> bool:
    """Whether the address has an open invitation."""
    return any(may_still_invite(invitation) for invitation in _list_open(email=email, now=now))


def find_by_token(token: str, *, now: datetime) -> Invitation | None:
    """The invitation of the link's token, while it is open."""
    found = Invitation.objects.select_related("account", "invited_by").filter(
        digest=_digest(token), state=PENDING, expires_at__gt=now
    )
    invitation = found.first()
    return invitation if invitation and may_still_invite(invitation) else None


def find_for_person(*, user: User, public_id: UUID, now: datetime) -> Invitation | None:
    return next(
        (item for item in list_for_person(user=user, now=now) if item.public_id == public_id),
        None,
    )


def may_still_invite(invitation: Invitation) -> bool:
    """Whether the inviter is still an admin of the account."""
    return invitation.invited_by.is_active and invitation.invited_by.has_perm(
        MANAGE_MEMBERS, invitation.account
    )


def _list_open(*, email: str, now: datetime) -> QuerySet[Invitation]:
    mine = Invitation.objects.filter(email=email, state=PENDING, expires_at__gt=now)
    return mine.select_related("account", "invited_by").order_by("account__name")


def _invite(
    account: Account, email: str, role: str, name: str, invited_by: User, now: datetime
) -> SentInvitation:
    lock_account(account)
    earlier = Invitation.objects.for_account(account).filter(state=PENDING, email=email).first()
    if earlier is not None:
        withdraw(invitation=earlier, now=now)
    invitation = Invitation(
        account=account, email=email, role=role, name=name, invited_by=invited_by, created_at=now
    )
    token = _renew(invitation, now)
    invitation.save()
    record("invitation.created", account=account, target=invitation, after=take_snapshot(invitation))
    return SentInvitation(invitation, _deliver(invitation, token))


def _renew(invitation: Invitation, now: datetime) -> str:
    """Returns a new token; only its digest is stored."""
    token = secrets.token_urlsafe(32)
    invitation.digest = _digest(token)
    invitation.mailed = is_mail_set_up()
    invitation.expires_at = now + timedelta(days=settings.INVITATION_DAYS)
    return token


def _deliver(invitation: Invitation, token: str) -> str:
    """Mails the link, or returns it to be shown to the admin."""
    link = make_link(reverse("accounts:invitation-link", args=[token]))
    if not invitation.mailed:
        return link
    send_mail_later(
        to=invitation.email,
        subject=f"{invitation.account.name} invites you to Denominator",
        template="accounts/invitation_mail.txt",
        context={"invitation": invitation, "link": link, "days": settings.INVITATION_DAYS},
    )
    return ""


def _check_rate(account: Account, email: str, now: datetime) -> None:
    to_there = allow("invitation_to", f"{account.pk} {email}", times=PER_ADDRESS, seconds=HOUR, now=now)
    from_here = allow("invitations_of", str(account.pk), times=PER_ACCOUNT, seconds=HOUR, now=now)
    if not (to_there and from_here):
        raise ValidationError({"email": "Too many invitations were sent. Wait an hour and try again."})


def _digest(token: str) -> str:
    """A plain hash is enough for 256 random bits."""
    return sha256(token.encode()).hexdigest()
