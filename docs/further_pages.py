"""A second server on the demo's data, for what the demo cannot show: `python -m docs.further_pages PORT`.

The style page, which is served in development only; an error of ours; single sign-on; and an account outside
the beta, with a person of its own, whose password comes by standard input. DEMO_DIR is the demo's folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Self, cast

from demo.environment import set_environment
from demo.processes import find_free_port, wait_for_answer

ROOT = Path(__file__).resolve().parent.parent
PERSON, ACCOUNT = "robin@example.com", "Company outside the beta"
FIRST_PORT = 8200
ANSWER_WITHIN, END_WITHIN = 60, 30  # seconds


class FurtherPages:
    """The server as a process of its own. Use as a context manager: inside it `url` answers."""

    def __init__(self, *, demo_folder: Path, password: str) -> None:
        port = find_free_port(first=FIRST_PORT)
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", "docs.further_pages", str(port)],
            cwd=ROOT,
            env=os.environ | {"DEMO_DIR": str(demo_folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=(demo_folder.parent / "further-pages.log").open("w"),
            encoding="utf-8",
        )
        with cast("IO[str]", self._process.stdin) as standard_input:
            standard_input.write(password)

    def __enter__(self) -> Self:
        if wait_for_answer(f"{self.url}/healthz", seconds=ANSWER_WITHIN, check=self._check):
            return self
        self.__exit__()
        raise AssertionError(f"{self.url} did not answer within {ANSWER_WITHIN} seconds")

    def _check(self) -> None:
        if self._process.poll() is not None:
            raise AssertionError(
                f"The server ended with {self._process.returncode}; further-pages.log says why."
            )

    def __exit__(self, *_exc: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=END_WITHIN)


def serve(*, port: int, password: str) -> None:
    """Until the process is ended."""
    set_environment()
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        OIDC_SERVER_URL="http://127.0.0.1:9",  # nobody answers there: these pages need no provider
        OIDC_NAME="Example Identity",
        OIDC_CLIENT_ID="denominator",
        OIDC_CLIENT_SECRET="none",  # noqa: S106
    )
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.ROOT_URLCONF = "docs.further_addresses"
    open_account_outside_the_beta(password=password)
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False)


def open_account_outside_the_beta(*, password: str) -> None:
    from accounts.roles import ADMIN
    from accounts.services import add_member, create_account

    account = create_account(name=ACCOUNT, s3_csv_telemetry=False)
    add_member(account=account, email=PERSON, role=ADMIN, name="Robin", password=password)


if __name__ == "__main__":
    serve(port=int(sys.argv[1]), password=sys.stdin.read())
