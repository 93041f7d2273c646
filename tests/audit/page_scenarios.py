"""Everything that changes something by a page, and what the log says of it."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.identities import find_or_link
from accounts.models import Invitation, SecondFactor
from accounts.resets import send_password_reset
from audit.origin import PAGE, Origin, acting
from tests.accounts.codes import make_code
from tests.audit.scenarios import CONNECTION, Do, scenario, sign_in
from tests.audit.world import AGENT, NEW_PASSWORD, PASSWORD, World

TELEMETRY = "/settings/telemetry/{w.telemetry.public_id}/"
ENDPOINT = "/settings/endpoints/{w.endpoint.public_id}/"
MEMBERS = "/settings/members/"
MEMBER = f"{MEMBERS}{{w.member.public_id}}/"
FACTOR = "/accounts/second-factor/"
TOKEN = "of-a-link-to-an-invitation"
NEW_PASSWORDS = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}


def post(path: str, **fields: str) -> Do:
    return lambda w: w.post(path.format(w=w), **fields)


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
    send_password_reset(email=w.admin.email, address="192.0.2.7", agent=AGENT)


def reset_with_link(w: World) -> None:
    token = default_token_generator.make_token(w.admin)
    w.secrets.append(token)
    w.browser = Client()
    number = urlsafe_base64_encode(force_bytes(w.admin.pk))
    page = w.browser.get(f"/accounts/password/reset/{number}/{token}/")
    w.post(page.url, **NEW_PASSWORDS)


def resend(w: World) -> None:
    w.post(f"{MEMBERS}add/", email="n@acme.example", role="viewer")
    w.post(f"{MEMBERS}invitations/{Invitation.objects.get().public_id}/send/")


def withdraw(w: World) -> None:
    w.post(f"{MEMBERS}add/", email="n@acme.example", role="viewer")
    w.post(f"{MEMBERS}invitations/{Invitation.objects.get().public_id}/withdraw/")


def ask_admin(w: World) -> Invitation:
    """Acme asks its own admin, which stands for any account that asks anybody."""
    w.secrets.append(TOKEN)
    return Invitation.objects.create(
        account=w.account,
        email=w.admin.email,
        role="viewer",
        invited_by=w.admin,
        digest=sha256(TOKEN.encode()).hexdigest(),
        mailed=True,
        created_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=1),
    )


def answer(text: str) -> Do:
    return lambda w: w.post(f"/accounts/invitations/{ask_admin(w).public_id}/", answer=text)


def accept_with_password(w: World) -> None:
    invitation = ask_admin(w)
    type(w.admin).objects.filter(pk=w.admin.pk).update(address_verified_at=None)
    w.browser = Client()
    page = w.browser.get(f"/accounts/invitation/{TOKEN}/")
    w.post(page.url, of=str(invitation.public_id), answer="password", **NEW_PASSWORDS)


def end_session(w: World) -> None:
    Client().force_login(w.admin)
    elsewhere = w.admin.sign_ins.exclude(session_key=w.browser.session.session_key).get()
    w.post(f"/accounts/sessions/{elsewhere.public_id}/")


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


PAGE_SCENARIOS = [
    scenario("add an endpoint", add_endpoint, "endpoint.created"),
    scenario("test before adding", lambda w: add_endpoint(w, action="test"), "endpoint.tested"),
    scenario("edit an endpoint", post(f"{ENDPOINT}edit/", name="New", **CONNECTION), "endpoint.changed"),
    scenario("test an endpoint", post(f"{ENDPOINT}test/"), "endpoint.tested"),
    scenario("delete an endpoint", delete_endpoint, "endpoint.deleted"),
    scenario(
        "edit a telemetry",
        post(f"{TELEMETRY}edit/", name="New", dimensions="company"),
        "telemetry.changed",
    ),
    scenario("deactivate", post(f"{TELEMETRY}deactivate/"), "telemetry.changed"),
    scenario("activate", activate, "telemetry.changed", "telemetry.sync_requested"),
    scenario("sync now", post(f"{TELEMETRY}sync/"), "telemetry.sync_requested"),
    scenario("delete a telemetry", post(f"{TELEMETRY}delete/", identifier="mentions"), "telemetry.deleted"),
    scenario(
        "invite a member",
        post(f"{MEMBERS}add/", email="n@acme.example", role="viewer"),
        "invitation.created",
    ),
    scenario("invite once more", resend, "invitation.created", "invitation.sent_again"),
    scenario("withdraw an invitation", withdraw, "invitation.created", "invitation.withdrawn"),
    scenario("accept an invitation", answer("accept"), "invitation.accepted"),
    scenario("decline an invitation", answer("decline"), "invitation.declined"),
    scenario(
        "accept by the link, with a password",
        accept_with_password,
        "person.started_over",
        "person.address_shown",
        "person.password_set_by_invitation",
        "invitation.accepted",
        "person.signed_in_by_invitation",
    ),
    scenario("end another session", end_session, "person.session_ended"),
    scenario("end all other sessions", post("/accounts/sessions/others/"), "person.other_sessions_ended"),
    scenario("change a role", post(MEMBER, role="manager"), "member.changed"),
    scenario("remove a member", post(f"{MEMBER}remove/"), "member.deleted"),
    scenario("require a second factor", require_factor, "person.second_factor_set_up", "account.changed"),
    scenario("sign in", sign_in(PASSWORD), "person.signed_in_by_password"),
    scenario("be locked out", sign_in("wrong", 7), "person.locked_out"),
    scenario(
        "sign in with a recovery code",
        sign_in_with_recovery_code,
        "person.second_factor_set_up",
        "person.recovery_code_used",
        "person.signed_in_by_password",
    ),
    scenario("sign out", post("/accounts/logout/"), "person.signed_out"),
    scenario("let a session run out", run_out, "person.session_ran_out"),
    scenario(
        "change the password",
        post("/accounts/password/", old_password=PASSWORD, **NEW_PASSWORDS),
        "person.password_changed",
    ),
    scenario("be mailed a link", be_mailed_a_link, "person.password_reset_sent"),
    scenario("use the link", reset_with_link, "person.password_reset"),
    scenario("set up a second factor", confirm_factor, "person.second_factor_set_up"),
    scenario(
        "renew recovery codes",
        with_code(f"{FACTOR}codes/"),
        "person.second_factor_set_up",
        "person.recovery_codes_renewed",
    ),
    scenario(
        "turn the second factor off",
        with_code(f"{FACTOR}off/"),
        "person.second_factor_set_up",
        "person.second_factor_removed",
    ),
    scenario("be linked to an identity", link_identity, "person.identity_linked"),
]
