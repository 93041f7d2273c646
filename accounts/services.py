from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.invitations import withdraw_all_of
from accounts.journal import record_about_person, record_by_person
from accounts.models import Account, Membership, User
from accounts.notices import tell_owner
from accounts.proof import can_sign_in, has_verified_address, verify_address
from accounts.roles import ADMIN
from accounts.selectors import find_user
from accounts.sessions import end_sessions
from accounts.validation import check_email, check_role
from audit.services import record
from audit.snapshots import take_snapshot


def create_account(*, name: str, slug: str | None = None, s3_csv_telemetry: bool = True) -> Account:
    """A new account; its slug is made from the name unless one is given.

    Raises ValidationError keyed by `name` or `slug`, where the slug is taken or none can be made.
    """
    name = name.strip()
    account = Account(name=name, slug=slug or slugify(name)[:60], s3_csv_telemetry=s3_csv_telemetry)
    if not name:
        raise ValidationError({"name": "An account needs a name."})
    if not account.slug:
        raise ValidationError({"slug": f'No slug can be made from the name "{name}". Give one with --slug.'})
    taken = ValidationError({"slug": f'The slug "{account.slug}" is taken. Give another one with --slug.'})
    if Account.objects.filter(slug=account.slug).exists():
        raise taken
    account.full_clean()
    try:
        with transaction.atomic():
            account.save()
            record("account.created", account=account, target=account, after=take_snapshot(account))
    except IntegrityError:
        raise taken from None
    return account


def add_member(
    *, account: Account, email: str, role: str, name: str = "", password: str | None = None
) -> tuple[Membership, bool]:
    """Returns the membership of `email` in the account with that role, and whether the user is new.

    For operators and single sign-on, which vouch for the address; admins of an account invite
    (accounts/invitations.py). An existing user keeps their name and password. One with an unverified address
    is refused: it may be somebody else's. Raises ValidationError keyed by `email`, `role` or `password`.
    """
    check_role(role)
    if password is not None:
        check_password(password=password, email=email, name=name)
    hashed = make_password(password)
    with transaction.atomic():
        user, created = _get_or_create_user(email=email, name=name, hashed=hashed)
        membership = Membership.objects.for_account(account).filter(user=user).first()
        if membership is None:
            _check_whose(user)
            membership = Membership.objects.create(account=account, user=user, role=role, name=name)
            record("member.created", account=account, target=membership, after=take_snapshot(membership))
        else:
            change_role(membership=membership, role=role)
    return membership, created


@transaction.atomic
def change_role(*, membership: Membership, role: str) -> None:
    """Raises ValidationError keyed by `role`, where the account would be left without an admin."""
    check_role(role)
    if role != ADMIN:
        _keep_an_admin(membership)
        _withdraw_invitations(membership)
    before = take_snapshot(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    if membership.role != before["role"]:
        after = take_snapshot(membership)
        record("member.changed", account=membership.account, target=membership, before=before, after=after)


@transaction.atomic
def remove_member(*, membership: Membership) -> None:
    """Ends the membership; the user stays. Raises ValidationError for the last admin of the account."""
    _keep_an_admin(membership)
    _withdraw_invitations(membership)
    before = take_snapshot(membership)
    record("member.deleted", account=membership.account, target=membership, before=before)
    membership.delete()


@transaction.atomic
def require_second_factor(*, account: Account, required: bool) -> None:
    """Set whether members of the account must have a second factor to see its pages."""
    before = take_snapshot(account)
    account.second_factor_required = required
    account.save(update_fields=["second_factor_required"])
    if required != before["second_factor_required"]:
        after = take_snapshot(account)
        record("account.changed", account=account, target=account, before=before, after=after)


@transaction.atomic
def set_password(*, user: User, password: str) -> None:
    """Raises ValidationError keyed by `password`. The user's sessions end."""
    _set_password(user, password)
    record_about_person("person.password_changed", user=user)
    tell_owner(user, "password")


@transaction.atomic
def reset_password(*, user: User, password: str) -> None:
    """As `set_password`, by a mailed link."""
    _set_password(user, password)
    record_by_person("person.password_reset", user=user)
    tell_owner(user, "password")


def deactivate(*, user: User) -> None:
    """The person can no longer sign in. Their sessions end; activating them again revives none."""
    User.objects.filter(pk=user.pk).update(is_active=False)
    end_sessions(user=user)


def check_password(*, password: str, email: str, name: str = "") -> None:
    """Raises ValidationError keyed by `password` unless the product's rules for passwords hold."""
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from None


def _set_password(user: User, password: str) -> None:
    check_password(password=password, email=user.email, name=user.name)
    user.set_password(password)
    user.save(update_fields=["password"])


def _get_or_create_user(*, email: str, name: str, hashed: str) -> tuple[User, bool]:
    email = User.objects.normalize_email(email.strip())
    check_email(email)
    user = find_user(email=email)
    if user is not None:
        return user, False
    user = User(email=email, name=name, password=hashed, address_verified_at=timezone.now())
    user.full_clean()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:  # somebody else was adding the same person
        return User.objects.get_by_natural_key(email), False
    return user, True


def _check_whose(user: User) -> None:
    """Verify the address of a new user; refuse an existing one whose address is not verified."""
    if has_verified_address(user):
        return
    if can_sign_in(user) or user.memberships.exists():
        raise ValidationError(
            {
                "email": f"{user.email} has a sign-in whose address was never verified. "
                "Give a new password with --password-stdin, which ends what was set before, or let an admin "
                "of the account invite them."
            }
        )
    verify_address(user=user, now=timezone.now())


def _withdraw_invitations(membership: Membership) -> None:
    withdraw_all_of(account=membership.account, invited_by=membership.user, now=timezone.now())


def _keep_an_admin(membership: Membership) -> None:
    """Raises ValidationError where the membership is the account's only admin. Within a transaction."""
    # Locked, so that of two admins who leave concurrently the second is refused.
    account = Account.objects.select_for_update().get(pk=membership.account_id)
    admins = Membership.objects.for_account(account).filter(role=ADMIN, user__is_active=True)
    if set(admins.values_list("pk", flat=True)) == {membership.pk}:
        raise ValidationError(
            {"role": f"{membership.user} is the only admin of {account}. Make another member an admin first."}
        )
