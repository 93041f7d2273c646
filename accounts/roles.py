"""Who may do what: the three roles as sets of Django permissions.

The permissions are declared on the models they speak of, so that Django admin can also grant one alone
(`Membership.permissions`). "Telemetry management" is the reference document's word for `manage_telemetry`.
"""

from __future__ import annotations

VIEW_TELEMETRY = "telemetry.view_telemetry"
MANAGE_TELEMETRY = "telemetry.manage_telemetry"
VIEW_ENDPOINTS = "endpoints.view_s3endpoint"
MANAGE_ENDPOINTS = "endpoints.manage_s3endpoint"
MANAGE_MEMBERS = "accounts.manage_members"
VIEW_AUDIT_LOG = "accounts.view_audit_log"

VIEWER, MANAGER, ADMIN = "viewer", "manager", "admin"

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    VIEWER: frozenset({VIEW_TELEMETRY, VIEW_ENDPOINTS}),
    MANAGER: frozenset({VIEW_TELEMETRY, VIEW_ENDPOINTS, MANAGE_TELEMETRY}),
    ADMIN: frozenset(
        {VIEW_TELEMETRY, VIEW_ENDPOINTS, MANAGE_TELEMETRY, MANAGE_ENDPOINTS, MANAGE_MEMBERS, VIEW_AUDIT_LOG}
    ),
}

# Permissions that Django admin can grant to a single member.
PERMISSIONS = ROLE_PERMISSIONS[ADMIN]
