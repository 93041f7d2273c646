"""Everything that changes something, by page, by command and by Django admin: how the log calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.identities import find_or_link
from accounts.models import Identity, SecondFactor
from accounts.resets import send_password_reset
from audit.origin import PAGE, Origin, acting
from telemetry.wizard.models import TelemetryDraft
from telemetry.wizard.services import start_draft
from tests.accounts.codes import make_code
from tests.audit.world import AGENT, NEW_PASSWORD, PASSWORD, World
from tests.standin import BUCKET, REGION, ROLE_ARN

Do = Callable[[World], object]
CONNECTION = {"role_arn": ROLE_ARN, "bucket": BUCKET, "region": REGION, "path_prefix": ""}
TELEMETRY = "/settings/telemetry/{w.telemetry.public_id}/"
ENDPOINT = "/settings/endpoints/{w.endpoint.public_id}/"
MEMBERS = "/settings/members/"
MEMBER = f"{MEMBERS}{{w.member.public_id}}/"
FACTOR = "/accounts/second-factor/"
NEW_PASSWORDS = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}


@dataclass(frozen=True, slots=True)
class Act:
    """`does` it, and the log says `actions`, in this order."""

    name: str
    does: Do
    actions: tuple[str, ...]


def act(name: str, does: Do, *actions: str) -> Act:
    return Act(name, does, actions)


def post(path: str, **fields: str) -> Do:
    return lambda w: w.post(path.format(w=w), **fields)


def manage(command: str, *options: str, stdin: str = "") -> Do:
    return lambda w: w.run(command, *options, stdin=stdin)


def administer(path: str, **fields: object) -> Do:
    return lambda w: w.post_to_admin(
        path.format(w=w), **{name: str(value).format(w=w) for name, value in fields.items()}
    )


def with_code(path: str) -> Do:
    """A page that takes a code of the second factor."""
    return lambda w: w.post(path, code=w.set_up_factor())


def add_endpoint(w: World, **fields: str) -> None:
    shown = w.browser.get("/settings/endpoints/add/").context["form"].external_id
    w.secrets.append(shown)
    chosen = {"source": "s3", "access": "read_only", "name": "Other", "shown_external_id": shown}
    w.post("/settings/endpoints/add/", **{**CONNECTION, **chosen, **fields})


def delete_endpoint(w: World) -> None:
    w.telemetry.delete()
    w.post(f"{ENDPOINT}delete/".format(w=w))


def activate(w: World) -> None:
    type(w.telemetry).objects.update(status="inactive")
    w.post(f"{TELEMETRY}activate/".format(w=w))


def sign_in(password: str, times: int = 1) -> Do:
    def does(w: World) -> None:
        w.browser = Client()
        for _ in range(times):
            fields = {"username": w.admin.email, "password": password}
            w.browser.post("/accounts/login/", fields, headers={"User-Agent": AGENT})

    return does


def sign_in_with_recovery_code(w: World) -> None:
    w.set_up_factor()
    sign_in(PASSWORD)(w)
    w.post("/accounts/login/code/", code=w.secrets[-1])


def confirm_factor(w: World) -> None:
    w.post(FACTOR, password=PASSWORD)
    codes = w.post(f"{FACTOR}set-up/", code=make_code(w.admin)).context["codes"]
    w.secrets += [SecondFactor.objects.get().secret, *codes.split("\n")]


def require_factor(w: World) -> None:
    w.set_up_factor()
    w.post(f"{MEMBERS}second-factor/", required="yes")


def be_mailed_a_link(w: World) -> None:
    send_password_reset(email=w.admin.email, site="https://x", address="192.0.2.7", agent=AGENT)


def use_link(w: World) -> None:
    token = default_token_generator.make_token(w.admin)
    w.secrets.append(token)
    w.browser = Client()
    number = urlsafe_base64_encode(force_bytes(w.admin.pk))
    page = w.browser.get(f"/accounts/password/reset/{number}/{token}/")
    w.post(page.url, **NEW_PASSWORDS)


def link_identity(w: World) -> None:
    claims = {"iss": "https://x", "sub": "7", "email": w.admin.email, "email_verified": True}
    here = Origin(via=PAGE, actor=w.admin.email, address="192.0.2.7", agent=AGENT)
    with acting(lambda: here):
        find_or_link(claims=claims)


def run_out(w: World) -> None:
    session = w.browser.session
    session["seen_at"] -= 1_000_000
    session.save()
    w.browser.get("/accounts/password/", headers={"User-Agent": AGENT})


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


BY_PAGE = [
    act("add an endpoint", add_endpoint, "endpoint.created"),
    act("test before adding", lambda w: add_endpoint(w, action="test"), "endpoint.tested"),
    act("edit an endpoint", post(f"{ENDPOINT}edit/", name="New", **CONNECTION), "endpoint.changed"),
    act("test an endpoint", post(f"{ENDPOINT}test/"), "endpoint.tested"),
    act("delete an endpoint", delete_endpoint, "endpoint.deleted"),
    act(
        "edit a telemetry",
        post(f"{TELEMETRY}edit/", name="New", dimensions="company"),
        "telemetry.changed",
    ),
    act("deactivate", post(f"{TELEMETRY}deactivate/"), "telemetry.changed"),
    act("activate", activate, "telemetry.changed", "telemetry.sync_requested"),
    act("sync now", post(f"{TELEMETRY}sync/"), "telemetry.sync_requested"),
    act("delete a telemetry", post(f"{TELEMETRY}delete/", identifier="mentions"), "telemetry.deleted"),
    act(
        "add a member",
        post(f"{MEMBERS}add/", email="n@acme.example", role="viewer", password=PASSWORD),
        "member.created",
    ),
    act("change a role", post(MEMBER, role="manager"), "member.changed"),
    act("remove a member", post(f"{MEMBER}remove/"), "member.deleted"),
    act("require a second factor", require_factor, "person.second_factor_set_up", "account.changed"),
    act("sign in", sign_in(PASSWORD), "person.signed_in_by_password"),
    act("mistype the password", sign_in("wrong"), "person.sign_in_failed"),
    act("be locked out", sign_in("wrong", 7), *["person.sign_in_failed"] * 4, "person.locked_out"),
    act(
        "sign in with a recovery code",
        sign_in_with_recovery_code,
        "person.second_factor_set_up",
        "person.recovery_code_used",
        "person.signed_in_by_password",
    ),
    act("sign out", post("/accounts/logout/"), "person.signed_out"),
    act("let a session run out", run_out, "person.session_ran_out"),
    act(
        "change the password",
        post("/accounts/password/", old_password=PASSWORD, **NEW_PASSWORDS),
        "person.password_changed",
    ),
    act("be mailed a link", be_mailed_a_link, "person.password_reset_sent"),
    act("use the link", use_link, "person.password_reset"),
    act("set up a second factor", confirm_factor, "person.second_factor_set_up"),
    act(
        "renew recovery codes",
        with_code(f"{FACTOR}codes/"),
        "person.second_factor_set_up",
        "person.recovery_codes_renewed",
    ),
    act(
        "turn the second factor off",
        with_code(f"{FACTOR}off/"),
        "person.second_factor_set_up",
        "person.second_factor_removed",
    ),
    act("be linked to an identity", link_identity, "person.identity_linked"),
]
ACME = ("--account", "acme")
BY_COMMAND = [
    act(
        "add_endpoint",
        manage(
            "add_endpoint",
            *ACME,
            "--name=X",
            f"--role-arn={ROLE_ARN}",
            f"--bucket={BUCKET}",
            f"--region={REGION}",
        ),
        "endpoint.created",
    ),
    act("test_endpoint", manage("test_endpoint", "Exports", *ACME), "endpoint.tested"),
    act(
        "add_telemetry",
        manage(
            "add_telemetry",
            *ACME,
            "--endpoint=Exports",
            "--prefix=x/",
            "--name=X",
            "--date-column=date",
            "--date-format=yyyy-MM-dd",
            "--metric=clicks",
        ),
        "telemetry.created",
    ),
    act("sync_telemetry", manage("sync_telemetry", "mentions", *ACME), "telemetry.sync_requested"),
    act(
        "change_telemetry",
        manage("change_telemetry", "mentions", *ACME, "--overlap=add"),
        "telemetry.sync_requested",
    ),
    act("list_telemetries", manage("list_telemetries", *ACME)),
    act("export_telemetry", manage("export_telemetry", "mentions", *ACME)),
    act("add_user", manage("add_user", "n@acme.example", *ACME, "--role=viewer"), "member.created"),
    act(
        "add_user: a known one",
        manage(
            "add_user", "vera@acme.example", *ACME, "--role=manager", "--password-stdin", stdin=NEW_PASSWORD
        ),
        "member.changed",
        "person.password_changed",
    ),
    act(
        "unlock_sign_in",
        lambda w: (sign_in("wrong")(w), w.run("unlock_sign_in", w.admin.email)),
        "person.sign_in_failed",
        "person.unlocked",
    ),
    act(
        "remove_second_factor",
        lambda w: (w.set_up_factor(), w.run("remove_second_factor", w.admin.email)),
        "person.second_factor_set_up",
        "person.second_factor_removed",
    ),
]
BY_ADMINISTRATION = [
    act("account", lambda w: manage_account(w, second_factor_required="on"), "account.changed"),
    act(
        "account: a member's role",
        lambda w: manage_account(w, **{"memberships-0-role": "manager"}),
        "member.changed",
        "account.changed",
    ),
    act(
        "account: a member removed",
        lambda w: manage_account(w, **{"memberships-1-DELETE": "on"}),
        "member.deleted",
        "account.changed",
    ),
    act(
        "account: in the list",
        lambda w: w.post_to_admin(
            "accounts/account/",
            **{"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": w.account.pk, "_save": "Save"},
        ),
        "account.changed",
    ),
    act(
        "account: deleted",
        lambda w: (
            w.telemetry.delete(),
            w.post_to_admin(f"accounts/account/{w.account.pk}/delete/", post="yes"),
        ),
        "account.deleted",
    ),
    act("user", lambda w: change_user(w, name="Ada"), "person.changed"),
    act("user: deactivated", lambda w: change_user(w, is_active=""), "person.changed"),
    act(
        "user: password",
        administer(
            "accounts/user/{w.admin.pk}/password/",
            usable_password="true",
            password1=NEW_PASSWORD,
            password2=NEW_PASSWORD,
        ),
        "person.password_changed",
    ),
    act("user: deleted", administer("accounts/user/{w.admin.pk}/delete/", post="yes"), "person.deleted"),
    act(
        "membership",
        administer(
            "accounts/membership/{w.member.pk}/change/",
            account="{w.account.pk}",
            user="{w.member.user_id}",
            role="manager",
        ),
        "member.changed",
    ),
    act("identity", delete_identity, "identity.deleted"),
    act(
        "s3endpoint",
        administer("endpoints/s3endpoint/{w.endpoint.pk}/change/", name="New", description="", **CONNECTION),
        "endpoint.changed",
    ),
    act(
        "telemetry",
        change_telemetry,
        "telemetry.changed",
    ),
    act("telemetrydraft", delete_draft, "draft.deleted"),
]
