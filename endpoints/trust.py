"""Which roles are never assumed, and which are not used: the confused deputy from our side.

A role of our own AWS account would open our buckets to whoever enters its ARN. A role that opens without the
right external ID opens to whoever knows its ARN, through an endpoint of another account here. Rule 7 of the
design; docs/decisions/0028.
"""

from __future__ import annotations

from django.conf import settings


def explain_own_role(role_arn: str) -> str:
    """Why the role is refused: it is of our own AWS account, and no setting names it. Else empty."""
    parts = role_arn.split(":")
    is_ours = len(parts) > 4 and bool(settings.AWS_ACCOUNT_ID) and parts[4] == settings.AWS_ACCOUNT_ID
    if not is_ours or role_arn in settings.OWN_ROLES_ALLOWED:
        return ""
    return (
        f"This role belongs to Denominator's own AWS account {settings.AWS_ACCOUNT_ID}: through it, every "
        "account here could read what belongs to Denominator's operator. Enter a role of the AWS account "
        "that owns the bucket. If that is this very account, Denominator's administrator has to name the "
        "role in OWN_ROLES_ALLOWED."
    )


def is_unsafe_role_allowed(external_id: str) -> bool:
    """Whether a setting allows the endpoint of this external ID to read through an unsafe role."""
    return external_id in settings.UNSAFE_ENDPOINTS_ALLOWED
