from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Permission, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from accounts import roles


class Account(models.Model):
    """The tenant: a company. Everything that the product keeps belongs to exactly one account."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    s3_csv_telemetry = models.BooleanField(
        "S3 CSV telemetry (beta)", default=False, help_text="Whether the account sees S3 CSV telemetry."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AccountQuerySet(models.QuerySet):
    """The one place where rows are narrowed to an account."""

    def for_account(self, account: Account) -> Self:
        """Rows of `account` alone; what belongs to another account is as if it did not exist."""
        return self.filter(**{self.model.TO_ACCOUNT: account})


class AccountScoped(models.Model):
    """A model whose every row belongs to one account; `TO_ACCOUNT` is the way there, as a lookup.

    A query begins with `for_account`, or with an object that was found so; tests/security holds every model
    and every query of the product to it.
    """

    TO_ACCOUNT: ClassVar[str] = "account"

    objects = AccountQuerySet.as_manager()

    class Meta:
        abstract = True


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """The user of that address, whatever its case: compared as the unique constraint compares it."""
        return self.alias(address=Lower("email")).get(address=Lower(models.Value(username)))


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail address. `is_staff` opens Django admin: our operators, not customers."""

    email = models.EmailField("e-mail address", max_length=254, unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        ordering = ["email"]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_whatever_its_case")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.get_full_name()


class Membership(AccountScoped):
    """A user's place in an account: a role, and permissions granted beyond it.

    `name` is what this account calls the person. The user's own name stays out of the account's pages: it may
    have been given in another account, and would tell that the address was known already.
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

    class Meta:
        ordering = ["account", "user"]
        permissions = [("manage_members", "Can manage members of the account")]
        constraints = [
            models.UniqueConstraint(fields=["account", "user"], name="membership_once_an_account"),
            models.CheckConstraint(
                condition=models.Q(role__in=list(roles.ROLE_PERMISSIONS)), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.account} ({self.role})"
