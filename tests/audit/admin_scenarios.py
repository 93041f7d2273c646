"""Everything that changes something in Django admin, and what the log says of it."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import Identity
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.services import start_draft
from tests.audit.scenarios import CONNECTION, Do, scenario
from tests.audit.world import NEW_PASSWORD, World


def administer(path: str, **fields: object) -> Do:
    return lambda w: w.post_to_admin(
        path.format(w=w), **{name: str(value).format(w=w) for name, value in fields.items()}
    )


def delete_draft(w: World) -> None:
    start_draft(account=w.account, user=w.admin, now=timezone.now())
    draft = TelemetryDraft.objects.get()
    w.post_to_admin(f"telemetry/telemetrydraft/{draft.pk}/delete/", post="yes")


def delete_identity(w: World) -> None:
    w.post_to_admin(f"accounts/identity/{Identity.objects.get().pk}/delete/", post="yes")


def manage_account(w: World, **changes: object) -> None:
    """The page of an account in Django admin, with its members below."""
    members = list(w.account.memberships.all())
    fields = {"name": "Acme", "slug": "acme", "s3_csv_telemetry": "on"}
    fields |= {"memberships-TOTAL_FORMS": len(members), "memberships-INITIAL_FORMS": len(members)}
    for number, member in enumerate(members):
        values = {"id": member.pk, "account": w.account.pk, "user": member.user_id, "role": member.role}
        fields |= {f"memberships-{number}-{name}": value for name, value in values.items()}
    w.post_to_admin(f"accounts/account/{w.account.pk}/change/", **(fields | changes))


def change_telemetry(w: World) -> None:
    shown = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 1, "0-telemetry": w.telemetry.pk}
    shown["0-id"] = w.telemetry.dimensions.get().pk
    fields = {"name": "New", "description": "", "status": "inactive"}
    fields |= {f"dimensions-{name}": value for name, value in shown.items()}
    w.post_to_admin(f"telemetry/telemetry/{w.telemetry.pk}/change/", **fields)


def change_user(w: World, **changes: object) -> None:
    fields = {"email": w.admin.email, "name": w.admin.name, "is_active": "on"} | changes
    fields = {name: value for name, value in fields.items() if value}
    w.post_to_admin(f"accounts/user/{w.admin.pk}/change/", **fields)


ADMIN_SCENARIOS = [
    scenario("account", lambda w: manage_account(w, second_factor_required="on"), "account.changed"),
    scenario(
        "account: a member's role",
        lambda w: manage_account(w, **{"memberships-0-role": "manager"}),
        "member.changed",
        "account.changed",
    ),
    scenario(
        "account: a member removed",
        lambda w: manage_account(w, **{"memberships-1-DELETE": "on"}),
        "member.deleted",
        "account.changed",
    ),
    scenario(
        "account: in the list",
        lambda w: w.post_to_admin(
            "accounts/account/",
            **{"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": w.account.pk, "_save": "Save"},
        ),
        "account.changed",
    ),
    scenario(
        "account: deleted",
        administer("accounts/account/{w.account.pk}/delete/", slug="{w.account.slug}"),
        "account.deactivated",  # the rest is a worker's
    ),
    scenario("user", lambda w: change_user(w, name="Ada"), "person.changed"),
    scenario("user: deactivated", lambda w: change_user(w, is_active=""), "person.changed"),
    scenario(
        "user: password",
        administer(
            "accounts/user/{w.admin.pk}/password/",
            usable_password="true",
            password1=NEW_PASSWORD,
            password2=NEW_PASSWORD,
        ),
        "person.password_changed",
    ),
    scenario("user: deleted", administer("accounts/user/{w.admin.pk}/delete/", post="yes"), "person.deleted"),
    scenario(
        "membership",
        administer(
            "accounts/membership/{w.member.pk}/change/",
            account="{w.account.pk}",
            user="{w.member.user_id}",
            role="manager",
        ),
        "member.changed",
    ),
    scenario("identity", delete_identity, "identity.deleted"),
    scenario(
        "s3endpoint",
        administer("endpoints/s3endpoint/{w.endpoint.pk}/change/", name="New", description="", **CONNECTION),
        "endpoint.changed",
    ),
    scenario(
        "telemetry",
        change_telemetry,
        "telemetry.changed",
    ),
    scenario("telemetrydraft", delete_draft, "draft.deleted"),
]
