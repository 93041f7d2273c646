"""Which pictures `make screenshots` takes of which page, into var/pictures/ with a page that shows them all.

A new page has a line here; docs/screenshots.py takes its picture. A test holds both to the routes. The
repository keeps those of the README alone: all of them are 10 MB each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "var" / "pictures"
PAGE = IMAGES / "pages.md"
VIEWS = ("light", "dark", "phone")
README_IMAGES = ROOT / "docs" / "images"
KEPT = {
    f"{name}-{view}.png"
    for name in ("wizard-preview", "telemetries", "telemetry")
    for view in ("light", "dark")
}
INTRODUCTION = """# Every page

In light, in dark, and in light on a phone; taken from the demo by `make screenshots`.
"""

# Section -> route -> picture -> what it shows.
ROUTES: dict[str, dict[str, dict[str, str]]] = {
    "Signing in": {
        "accounts:login": {
            "sign-in": "Sign in",
            "sign-in-sso": "Sign in, where single sign-on is set up",
            "locked-out": "Locked out, after too many wrong passwords",
        },
        "accounts:sign-in-code": {"sign-in-code": "Sign in: the code of the second factor"},
        "accounts:sso-callback": {"sso-problem": "Single sign-on did not let you in"},
        "accounts:password-reset": {
            "password-reset": "Forgotten password",
            "password-reset-sent": "Forgotten password: the link is on its way",
        },
        "accounts:password-reset-link": {
            "password-reset-link": "Set a new password",
            "password-reset-done": "The new password is set",
            "password-reset-used": "A link that was used, or is too old",
        },
    },
    "Endpoints": {
        "endpoints:list": {"endpoints": "Endpoints"},
        "endpoints:add": {"endpoint-add": "Add Endpoint"},
        "endpoints:detail": {"endpoint": "An endpoint, tested check by check"},
        "endpoints:edit": {"endpoint-edit": "Edit an endpoint"},
        "endpoints:delete": {"endpoint-delete": "Delete an endpoint"},
    },
    "Adding a telemetry": {
        "telemetry:add": {"wizard-add": "Add Telemetry"},
        "telemetry:step": {
            "wizard-source": "Step 1: Source",
            "wizard-preview": "Step 2: Preview",
            "wizard-date": "Step 3: Date",
            "wizard-dimensions": "Step 4: Dimensions",
            "wizard-metric": "Step 5: Metric",
            "wizard-review": "Step 6: Review",
        },
    },
    "Telemetries": {
        "telemetry:list": {
            "telemetries-empty": "Telemetries, with nothing set up",
            "telemetries": "Telemetries",
            "no-account": "Telemetries, for someone without an account",
            "no-beta": "Telemetries, for an account outside the beta",
        },
        "telemetry:detail": {"telemetry": "A telemetry"},
        "telemetry:day": {"day": "Where a number comes from"},
        "telemetry:configuration": {"configuration": "Configuration"},
        "ingestion:files": {"files": "Files"},
        "ingestion:runs": {"runs": "Runs"},
        "ingestion:run": {
            "run": "A run",
            "run-incomplete": "A run with a failed file and rejected rows",
            "run-preview": "A preview: what other dimensions would change",
        },
        "telemetry:edit": {"edit": "Edit a telemetry"},
        "telemetry:change": {"change": "Change dimensions or overlap rule"},
        "ingestion:reimport": {"reimport": "Import again"},
        "ingestion:deactivate": {"deactivate": "Deactivate"},
        "telemetry:delete": {"delete": "Delete"},
    },
    "Members": {
        "accounts:members": {"members": "Members"},
        "accounts:member-add": {
            "member-add": "Add Member",
            "member-invited": "Somebody is invited, where no mail is set up",
        },
        "accounts:invitation-withdraw": {"invitation-withdraw": "Withdraw an invitation"},
        "accounts:member": {"member": "Change a member's role"},
        "accounts:member-remove": {"member-remove": "Remove a member"},
        "accounts:audit": {"audit": "Audit log"},
    },
    "Your own sign-in": {
        "accounts:password": {"password": "Change password"},  # nosec B105 (a title)
        "accounts:invitation": {
            "invitation": "An invitation, for somebody who has its link",
            "invitation-closed": "An invitation that was answered, or is too old",
        },
        "accounts:invitations": {"invitations": "Invitations, of whoever is signed in"},
        "accounts:sessions": {"sessions": "Sessions"},
        "accounts:second-factor": {
            "second-factor": "Second factor",
            "second-factor-on": "Second factor, turned on",
        },
        "accounts:second-factor-set-up": {
            "second-factor-set-up": "Set up your second factor",
            "recovery-codes": "Your recovery codes",
        },
        "accounts:recovery-codes": {"recovery-codes-renew": "Make new recovery codes"},
        "accounts:second-factor-off": {"second-factor-off": "Turn off your second factor"},
    },
    "For those who build pages": {"style": {"style": "Components, in development only"}},
}
# Template -> picture -> what it shows: pages that stand in for others.
ERRORS = {
    "400.html": {"error-400": "A request that cannot be read"},
    "403.html": {"error-403": "A page that one may not see"},
    "403_csrf.html": {"error-403-csrf": "A form that was open for too long"},
    "404.html": {"error-404": "Page not found"},
    "413.html": {"error-413": "A request that is too large"},
    "500.html": {"error-500": "Something went wrong"},
}
# Routes without a page of their own.
NO_PAGE = {
    "home": "leads to Telemetries",
    "healthz": "JSON for machines",
    "readyz": "JSON for machines",
    "accounts:logout": "a POST that leads to sign-in",
    "accounts:sso": "leads to the provider; where that does not answer, its page is sso-problem",
    "accounts:switch": "a POST that leads to Telemetries",
    "accounts:second-factor-required": "a POST that leads to Members",
    "accounts:audit-csv": "a download",
    "accounts:invitation-link": "leads to the invitation",
    "accounts:invitation-answer": "a POST that leads into the account, or to Invitations",
    "accounts:invitation-send": "a POST that leads to Members, or shows the link as member-invited",
    "accounts:session-end": "a POST that leads to Sessions",
    "accounts:sessions-end-others": "a POST that leads to Sessions",
    "endpoints:test": "a POST that leads to the endpoint",
    "endpoints:check": "a part of the endpoint's page",
    "endpoints:edit_check": "a part of Edit",
    "endpoints:add_check": "a part of Add Endpoint",
    "telemetry:draft": "leads to the step where the draft stands",
    "telemetry:discard_draft": "a POST that leads to Add Telemetry",
    "telemetry:totals_csv": "a download",
    "telemetry:points_csv": "a download",
    "ingestion:sync": "a POST that leads to the run",
    "ingestion:activate": "a POST that leads to the telemetry",
    "ingestion:again": "a POST that leads to the run",
    "telemetry:apply": "a POST that leads to the run",
    "ingestion:current_rejects_csv": "a download",
    "ingestion:rejects_csv": "a download",
}


def list_sections() -> Iterator[tuple[str, dict[str, str]]]:
    """(section, {picture: what it shows}), in order."""
    for section, routes in ROUTES.items():
        yield section, {name: title for found in routes.values() for name, title in found.items()}
    yield (
        "When something is wrong",
        {name: title for found in ERRORS.values() for name, title in found.items()},
    )


def list_pictures() -> list[str]:
    return [name for _, found in list_sections() for name in found]


def render_page() -> str:
    """The page: a table a section."""
    parts = [INTRODUCTION]
    for section, found in list_sections():
        parts.append(f"\n## {section}\n\n| page | light | dark | phone |\n| --- | --- | --- | --- |\n")
        parts += [_render_row(name, title) for name, title in found.items()]
    return "".join(parts)


def _render_row(name: str, title: str) -> str:
    says = {"light": "light", "dark": "dark", "phone": "on a phone"}
    cells = [f"![{title}, {says[view]}]({name}-{view}.png)" for view in VIEWS]
    return f"| {' | '.join([title, *cells])} |\n"
