from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Permission, PermissionsMixin
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format

from accounts import roles
from accounts.addresses import NORMAL, AddressField, InvalidAddress, normalise, normalise_if_valid


class Account(models.Model):
    """The tenant: a company. Everything that the product keeps belongs to exactly one account."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    s3_csv_telemetry = models.BooleanField(
        "S3 CSV telemetry (beta)", default=False, help_text="Whether the account sees S3 CSV telemetry."
    )
    second_factor_required = models.BooleanField(
        default=False, help_text="Whether members must have a second factor to see the account's pages."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    audit_kind = "account"
    audited = ("name", "slug", "s3_csv_telemetry", "second_factor_required")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AccountQuerySet(models.QuerySet):
    """The one place that filters rows by account."""

    def for_account(self, account: Account) -> Self:
        """Rows of `account` alone."""
        return self.filter(**{self.model.TO_ACCOUNT: account})


class AccountScoped(models.Model):
    """A model whose every row belongs to one account; `TO_ACCOUNT` is the lookup that leads to it.

    A query begins with `for_account`, or with an object found that way; tests/security enforces it for every
    model and query.
    """

    TO_ACCOUNT: ClassVar[str] = "account"

    objects = AccountQuerySet.as_manager()

    class Meta:
        abstract = True


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """The user of that address, however it is written."""
        try:
            return self.get(email=normalise(username or ""))
        except InvalidAddress:
            raise self.model.DoesNotExist from None

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Called by Django's own forms and commands."""
        return normalise_if_valid(email or "")


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail address. `is_staff` opens Django admin: our operators, not customers."""

    email = AddressField("e-mail address", max_length=254, unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # When the address was verified: by a mailed link, by single sign-on, or by an operator. Until then
    # somebody else may have created the sign-in (accounts/proof.py).
    address_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Part of the session hash: incrementing it ends all sessions.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    audit_kind = "person"
    # Not the name: it may come from another account (Membership), and every account of theirs reads the log.
    audited = ("email", "is_active", "is_staff", "is_superuser", "user_permissions")

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email__regex=NORMAL), name="user_email_in_its_normal_form"
            )
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.get_full_name()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """As Django's, with `session_epoch`: a change of either ends the session."""
        value = f"{self.password}:{self.session_epoch}"
        return salted_hmac("accounts.User.session", value, secret=secret, algorithm="sha256").hexdigest()


class Membership(AccountScoped):
    """A user's place in an account: a role, and permissions granted beyond it.

    `name` is what this account calls the person. The user's own name is not shown in the account: it may come
    from another account, and would reveal that the address was known already.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(
        max_length=10, choices=[(role, role.capitalize()) for role in roles.ROLE_PERMISSIONS]
    )
    name = models.CharField(max_length=200, blank=True)
    permissions = models.ManyToManyField(
        Permission, blank=True, help_text="Granted in this account beyond what the role gives."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # When a session of theirs last entered this account; sign-ins to other accounts are not shown here.
    last_sign_in_at = models.DateTimeField(null=True, editable=False)

    audit_kind = "member"
    audited = ("user", "role", "name", "permissions")

    class Meta:
        ordering = ["account", "user"]
        permissions = [
            ("manage_members", "Can manage members of the account"),
            ("view_audit_log", "Can read the account's audit log"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "user"], name="membership_once_an_account"),
            models.CheckConstraint(
                condition=models.Q(role__in=list(roles.ROLE_PERMISSIONS)), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.account} ({self.role})"


class Invitation(AccountScoped):
    """An account invites the owner of an e-mail address; accepting creates the membership.

    No user is created before: one that exists before its owner arrives could be taken over. Only the digest
    of the link's token is stored. `mailed`: the link was mailed, so following it verifies the address; a link
    shown to an admin does not.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    email = AddressField("e-mail address", max_length=254)
    role = models.CharField(
        max_length=10, choices=[(role, role.capitalize()) for role in roles.ROLE_PERMISSIONS]
    )
    name = models.CharField(max_length=200, blank=True)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations_sent")
    digest = models.CharField(max_length=64, unique=True)
    mailed = models.BooleanField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    answered_at = models.DateTimeField(null=True)

    audit_kind = "invitation"
    audited = ("email", "role", "name", "state")

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "email"],
                condition=models.Q(state="pending"),
                name="invitation_pending_once_an_address",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=list(roles.ROLE_PERMISSIONS)), name="invitation_role_known"
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(state="pending", answered_at__isnull=True)
                    | models.Q(state__in=["accepted", "declined", "withdrawn"], answered_at__isnull=False)
                ),
                name="invitation_answered_once",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class SignIn(models.Model):
    """A session as its person sees it: when it began, from where, with which browser.

    `session_key` is the key of Django's session row; without that row the session has ended. `network` and
    `browser` are coarse, to recognise a sign-in from elsewhere (accounts/sign_ins.py).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    began_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    network = models.CharField(max_length=50, blank=True)
    browser = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return f"{self.user} since {date_format(self.began_at, 'DATETIME_FORMAT')}"


class SecondFactor(models.Model):
    """A person's authenticator app: its shared secret, and the attempts.

    Active once `confirmed_at` is set: the person has typed a code of the app.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    secret = models.TextField()  # encrypted (accounts/encryption.py)
    confirmed_at = models.DateTimeField(null=True)
    # The time step of the last accepted code: a code works once (RFC 6238, 5.2).
    last_step = models.BigIntegerField(default=0)
    wrong_codes = models.PositiveIntegerField(default=0)  # in a row
    last_wrong_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Second factor of {self.user}"


class RecoveryCode(models.Model):
    """Replaces a code of the app, once. Shown when it is created, stored as a hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once_a_person")]

    def __str__(self) -> str:
        return f"Recovery code of {self.user}"


class Identity(models.Model):
    """Who a person is at the single sign-on provider: unlike an e-mail address, `subject` is never
    reassigned.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    audit_kind = "identity"
    audited = ("user", "issuer")

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once_a_subject"),
            models.UniqueConstraint(fields=["user", "issuer"], name="identity_once_an_issuer"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"


class Counter(models.Model):
    """Attempts of a kind, counted before they are checked (accounts/counters.py): by whom, and from where.

    `who` is a digest: what people type is not stored, since it may be a password in the wrong field.
    """

    kind = models.CharField(max_length=40)
    who = models.CharField(max_length=64, blank=True)  # empty: any person
    network = models.CharField(max_length=43, blank=True)  # empty: any network
    tries = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)  # then counting starts again, and the row may be deleted

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "who", "network"], name="counter_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.tries}"
