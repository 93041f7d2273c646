"""The pictures of signing in, of members, and of what goes wrong, from a demo that runs."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Page, Route, expect

from docs.camera import Camera
from docs.further_pages import PERSON, FurtherPages
from tests.browser.journey import press, sign_in
from tests.demo.running import RunningDemo

NewCamera = Callable[[], Camera]
VERA, NOBODY = "vera@example.com", "nobody@example.com"
MEMBERS = "/settings/members/"
MAIL_WITHIN = 60.0  # seconds, for a mail by the demo's own worker
STEP = 30  # seconds that a code of an authenticator app is good for


def picture_people(admin: Camera, new_camera: NewCamera, *, demo: RunningDemo) -> None:
    """Vera comes, forgets her password, sets up a second factor, sees what she may not see, and goes."""
    invite_vera(admin, new_camera(), url=demo.url)
    password = picture_reset(new_camera(), demo=demo)
    vera = new_camera()
    sign_in(vera.page, url=demo.url, email=VERA, password=password)
    picture_second_factor(vera, url=demo.url, password=password)
    vera.page.goto(f"{demo.url}{MEMBERS}")
    vera.take("error-403")
    door = new_camera()
    try_to_sign_in(door.page, url=demo.url, email=VERA, password=password)
    door.take("sign-in-code")
    picture_own_pages(admin, url=demo.url)
    remove_vera(admin, url=demo.url)
    vera.page.goto(f"{demo.url}/settings/telemetry/")
    vera.take("no-account")


def invite_vera(admin: Camera, vera: Camera, *, url: str) -> None:
    """The demo has no mail: its admin is shown the link, with which Vera sets her password."""
    page = admin.page
    page.goto(f"{url}{MEMBERS}add/")
    admin.take("member-add")
    page.get_by_label("Email").fill(VERA)
    page.get_by_label("Name").fill("Vera")
    page.get_by_label("Viewer").check()
    press(page, "Invite")
    link = page.get_by_label("Invitation link", exact=True).input_value()
    admin.take("member-invited")
    page.goto(f"{url}{MEMBERS}")
    page.get_by_role("link", name="Withdraw").click()
    admin.take("invitation-withdraw")
    accept(vera, link)
    page.goto(f"{url}{MEMBERS}")
    admin.take("members")
    page.get_by_role("link", name=f"Change role of {VERA}").click()
    admin.take("member")


def accept(camera: Camera, link: str) -> None:
    page = camera.page
    page.goto(link)
    camera.take("invitation")
    password = secrets.token_urlsafe(12)
    for label in ("New password", "New password confirmation"):
        page.get_by_label(label, exact=True).fill(password)
    press(page, "Set password and accept")
    page.get_by_text("You are a member of").wait_for()
    page.goto(link)
    camera.take("invitation-closed")


def remove_vera(admin: Camera, *, url: str) -> None:
    page = admin.page
    page.goto(f"{url}{MEMBERS}")
    page.get_by_role("link", name=f"Remove {VERA}").click()
    admin.take("member-remove")
    press(page, "Remove Member")
    page.get_by_text(f"{VERA} was removed").wait_for()


def picture_own_pages(admin: Camera, *, url: str) -> None:
    """What the admin sees of what everybody did, and their own password."""
    pages = {
        "audit": "/settings/audit/",
        "password": "/accounts/password/",  # nosec B105
        "sessions": "/accounts/sessions/",
        "invitations": "/accounts/invitations/",
    }
    for name, path in pages.items():
        admin.page.goto(f"{url}{path}")
        admin.take(name)


def picture_reset(camera: Camera, *, demo: RunningDemo) -> str:
    """From a forgotten password to a new one, which is returned."""
    page = camera.page
    page.goto(demo.url)
    page.get_by_role("link", name="Forgotten your password?").click()
    camera.take("password-reset")
    page.get_by_label("Email").fill(VERA)
    press(page, "Send link")
    page.get_by_role("heading", name="Check your email").wait_for()
    camera.take("password-reset-sent")
    link = find_link(demo)
    page.goto(link)
    camera.take("password-reset-link")
    password = secrets.token_urlsafe(12)
    for label in ("New password", "New password confirmation"):
        page.get_by_label(label, exact=True).fill(password)
    press(page, "Set password")
    page.get_by_text("Your password was changed.").wait_for()
    camera.take("password-reset-done")
    page.goto(link)
    camera.take("password-reset-used")
    return password


def find_link(demo: RunningDemo) -> str:
    """The link of the mail that the demo has printed."""
    give_up_at = time.monotonic() + MAIL_WITHIN
    while time.monotonic() < give_up_at:
        if found := re.search(r"http://\S+/accounts/password/reset/\w+/\S+/", demo.read_log()):
            return found[0]
        time.sleep(0.2)
    raise AssertionError("the demo has printed no mail with a link")


def picture_second_factor(camera: Camera, *, url: str, password: str) -> None:
    page = camera.page
    address = f"{url}/accounts/second-factor/"
    page.goto(address)
    camera.take("second-factor")
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Set up")
    secret = page.get_by_label("Key", exact=True).input_value()
    camera.take("second-factor-set-up")
    page.get_by_label("Code").fill(make_code(secret))
    press(page, "Turn on")
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    camera.take("recovery-codes")
    for name, part in {
        "second-factor-on": "",
        "recovery-codes-renew": "codes/",
        "second-factor-off": "off/",
    }.items():
        page.goto(f"{address}{part}")
        camera.take(name)


def make_code(secret: str) -> str:
    """What an authenticator app with this key shows now."""
    key = base64.b32decode(secret.replace(" ", ""))
    return TOTP(key, 6, SHA1(), STEP).generate(int(time.time())).decode()  # noqa: S303 (as apps do)


def try_to_sign_in(page: Page, *, url: str, email: str, password: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")


def picture_errors(admin: Camera, new_camera: NewCamera, *, url: str) -> None:
    """What people see when something is wrong with a request."""
    page = admin.page
    page.goto(f"{url}/no/such/page/")
    admin.take("error-404")
    form, parts = "application/x-www-form-urlencoded", "multipart/form-data"
    for name, kind, body in (
        ("error-400", parts, "no part of anything"),
        ("error-403-csrf", form, "username="),
        ("error-413", form, "a" * 3_000_000),
    ):
        send_instead(page, f"{url}/accounts/password/reset/", kind=kind, body=body)
        admin.take(name)
    locked = new_camera()
    while not locked.page.get_by_role("heading", name=re.compile("Too many")).is_visible():
        try_to_sign_in(locked.page, url=url, email=NOBODY, password=secrets.token_urlsafe())
    locked.take("locked-out")


def send_instead(page: Page, url: str, *, kind: str, body: str) -> None:
    """Go to `url`, but with this body, as no form of ours sends it."""

    def send(route: Route) -> None:
        headers = route.request.headers | {"content-type": kind}
        route.continue_(method="POST", headers=headers, post_data=body)

    page.route(url, send)
    page.goto(url)
    page.unroute(url)


def picture_further_pages(
    admin: Camera, new_camera: NewCamera, *, further: FurtherPages, password: str
) -> None:
    admin.page.goto(f"{further.url}/style/")  # the demo's cookies are good on its other port
    admin.take("style", whole=True)
    camera = new_camera()
    page = camera.page
    page.goto(f"{further.url}/accounts/login/")
    camera.take("sign-in-sso")
    page.goto(f"{further.url}/accounts/sso/callback/?error=access_denied")
    camera.take("sso-problem")
    page.goto(f"{further.url}/broken/")
    camera.take("error-500")
    try_to_sign_in(page, url=further.url, email=PERSON, password=password)
    expect(page.get_by_role("heading", level=1)).to_contain_text("is not enabled for")
    camera.take("no-beta")
