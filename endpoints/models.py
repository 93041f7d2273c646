from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from accounts.models import Account, AccountScoped
from endpoints.prefixes import join_prefix
from endpoints.trust import explain_own_role


def new_external_id() -> str:
    """160 random bits in the alphabet that IAM takes for `sts:ExternalId`; never chosen by a person."""
    return f"denominator-{secrets.token_hex(20)}"


class S3Endpoint(AccountScoped):
    """A read-only connection to one bucket of a customer, by a role in the customer's AWS account."""

    class TestState(models.TextChoices):
        UNTESTED = "untested", "Not tested"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"
        UNSAFE = "unsafe", "Unsafe"  # readable, but the role's trust policy does not require the external ID

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="endpoints")
    name = models.CharField("endpoint name", max_length=100)
    description = models.CharField(max_length=500, blank=True)
    role_arn = models.CharField("role ARN", max_length=2048)
    external_id = models.CharField("external ID", max_length=100, unique=True, editable=False)
    bucket = models.CharField("bucket name", max_length=255)  # 63 since 2018
    path_prefix = models.CharField("S3 path prefix", max_length=900, blank=True)
    region = models.CharField(max_length=30)
    test_state = models.CharField(
        max_length=10, choices=TestState.choices, default=TestState.UNTESTED, editable=False
    )
    test_checks = models.JSONField(default=list, editable=False)  # [{"name", "ok", "detail"}]
    tested_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    audit_kind = "endpoint"
    audited = ("name", "description", "role_arn", "bucket", "path_prefix", "region")

    class Meta:
        verbose_name = "S3 endpoint"
        ordering = ["name"]
        permissions = [("manage_s3endpoint", "Can add, edit, test and delete S3 endpoints")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"],
                name="endpoint_name_unique_in_account",
                violation_error_message="An endpoint of this name exists already. Choose another name.",
            ),
            models.CheckConstraint(
                condition=models.Q(test_state__in=["untested", "passed", "failed", "unsafe"]),
                name="endpoint_test_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if problem := explain_own_role(self.role_arn):
            raise ValidationError({"role_arn": problem})

    @property
    def location(self) -> str:
        """The bucket and the path prefix, as people write them."""
        return f"{self.bucket}/{self.full_prefix('')}"

    def full_prefix(self, prefix: str) -> str:
        """The S3 prefix that `prefix`, relative to this endpoint's path prefix, stands for."""
        return join_prefix(self.path_prefix, prefix)
