"""Typed readers of environment variables: an invalid value stops the process.

The error names the variable and says what it takes. It repeats the value, unless that may hold a password.
An empty value means none: it is accepted where the default is none.
"""

from __future__ import annotations

import builtins
import io
import os
import re
from collections.abc import Iterable, Sequence
from datetime import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

REQUIRED: Any = object()  # as a default: there is none
YES, NO = {"1", "y", "yes", "true", "on", "ok"}, {"0", "n", "no", "false", "off"}
MOST = 10**9  # seconds, rows: what is more is a slip, and too long a time for a date
DAYS = 36_500
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
HOST = rf"({LABEL}\.)*{LABEL}"
ORIGIN = re.compile(rf"https?://(\*\.)?({HOST}|\[[0-9a-f:]+\])(:[0-9]+)?", re.IGNORECASE)
HOST_NAME = re.compile(rf"\*|\.?{HOST}\.?|\[[0-9a-f:.]+\]", re.IGNORECASE)
SERVICE = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:]+\])(:[0-9]+)?(/[\x21-\x7e]*)?", re.IGNORECASE)
DOMAIN = re.compile(HOST, re.IGNORECASE)
ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/([\x21-\x7e]+/)?[A-Za-z0-9_+=,.@-]{1,64}")
EXTERNAL_ID = re.compile(r"denominator-[0-9a-f]{40}")
SLUG = re.compile(r"[A-Za-z0-9_-]+")
ADDRESS = re.compile(r"[^\s@<>,]+@[^\s@<>,]+|[^<>,@]*<[^\s@<>,]+@[^\s@<>,]+>")
ACCOUNT_ID = re.compile("[0-9]{12}")
KEY = re.compile(r"[\x21-\x7e]+")
KEY_TAKES = "letters, digits and signs of ASCII, without a space"
TOKEN = re.compile(r"[\x21-\x7e]{16,}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]+")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LINE = re.compile(r"(export )?[A-Za-z_0-9]+=.*|#.*|")  # as django-environ takes it

DATABASES = {"postgres", "postgresql", "psql", "pgsql", "sqlite"}
MAIL_SERVERS = {"smtp", "smtps", "smtp+tls", "smtp+ssl"}
MAIL_BACKENDS = {"consolemail", "memorymail", "dummymail"}


def read_file(path: Path) -> None:
    """Add the variables of a file of lines NAME=value to the environment, which takes precedence."""
    if not path.exists():
        return
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{path} cannot be read as UTF-8 text: {error}") from None
    for number, line in enumerate(lines, start=1):
        if not LINE.fullmatch(line):  # not repeated: it may hold a password
            raise ImproperlyConfigured(
                f"{path}, line {number}, must be NAME=value without spaces around =, or begin with #"
            )
    environ.Env.read_env(io.StringIO("\n".join(lines)), overwrite=False)


def make_folder(name: str, path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _refuse(name, "the path of a folder that can be made", f"{path}", f" ({error.strerror})")


class Environment:
    """The readers. Each raises ImproperlyConfigured; `default` is returned as it is."""

    def str(
        self,
        name: builtins.str,
        *,
        default: Any = REQUIRED,
        form: re.Pattern[builtins.str] | None = None,
        takes: builtins.str = "text in one line, not empty",
        secret: builtins.bool = False,
    ) -> builtins.str:
        """A line of text; of the given form."""
        text = os.environ.get(name)
        if text is None:
            if default is REQUIRED:
                raise ImproperlyConfigured(f"{name} is missing: it must be {takes}")
            return cast("builtins.str", default)
        if text == "" and default == "":
            return ""
        if not text.strip() or CONTROL.search(text) or (form and not form.fullmatch(text)):
            _refuse(name, takes, None if secret else text)
        return text

    def bool(self, name: builtins.str, *, default: builtins.bool) -> builtins.bool:
        text = os.environ.get(name, "1" if default else "0").strip().lower()
        if text not in YES | NO:
            _refuse(name, "1 or 0 (or yes, no, on, off, true, false)", text)
        return text in YES

    def int(
        self,
        name: builtins.str,
        *,
        default: builtins.int,
        at_least: builtins.int = 1,
        at_most: builtins.int = MOST,
    ) -> builtins.int:
        """A whole number in decimal digits."""
        text = os.environ.get(name, f"{default}").strip()
        if not re.fullmatch(r"[0-9]{1,18}", text) or not at_least <= int(text) <= at_most:
            _refuse(name, f"a whole number from {at_least} to {at_most}", text)
        return int(text)

    def list(
        self,
        name: builtins.str,
        *,
        default: Sequence[builtins.str] = (),
        form: re.Pattern[builtins.str] | None = None,
        takes: builtins.str = "texts",
        secret: builtins.bool = False,
    ) -> builtins.list[builtins.str]:
        """Comma-separated texts. An empty one is an error: `a,,b`, `a,`."""
        text = os.environ.get(name)
        if default is REQUIRED and not (text or "").strip():
            raise ImproperlyConfigured(f"{name} is missing: it must be {takes}, separated by commas")
        if text is None:
            return [*default]
        found = [part.strip() for part in text.split(",")] if text.strip() else []
        for part in found:
            if not part or CONTROL.search(part) or (form and not form.fullmatch(part)):
                _refuse(name, f"{takes}, separated by commas", None if secret else part)
        return found

    def choice(
        self, name: builtins.str, *, default: builtins.str, choices: Sequence[builtins.str]
    ) -> builtins.str:
        text = os.environ.get(name, default).strip().upper()
        if text not in choices:
            _refuse(name, _one_of(choices), text)
        return text

    def folder(self, name: builtins.str, *, default: Path | builtins.str) -> Path:
        """A folder that is there, or can be made: nothing on the way to it is a file."""
        path = Path(self.str(name, default=f"{default}", takes="the path of a folder"))
        there = next(part for part in (path, *path.absolute().parents) if os.path.lexists(part))
        if not there.is_dir():
            _refuse(name, "the path of a folder", f"{path}", f" ({there} is none)")
        return path

    def time_of_day(self, name: builtins.str, *, default: builtins.str) -> time:
        """`HH:MM` in UTC."""
        form = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
        return time.fromisoformat(
            self.str(name, default=default, form=form, takes="a time of day in UTC such as 02:00")
        )

    def networks(self, name: builtins.str) -> builtins.list[builtins.str]:
        """IP addresses or networks."""
        takes = "IP addresses or networks such as 10.0.0.0/8"
        found = self.list(name, takes=takes)
        for text in found:
            if not _is_valid(ip_network, text):
                _refuse(name, f"{takes}, separated by commas", text)
        return found

    def hosts(self, name: builtins.str, *, default: Any) -> builtins.list[builtins.str]:
        """Names of hosts without a scheme or a port; IPv6 in brackets."""
        takes = "names of hosts such as metrics.example.com, without scheme and port"
        found = self.list(name, default=default, form=HOST_NAME, takes=takes)
        for text in found:
            if text.startswith("[") and not _is_valid(ip_address, text.strip("[]")):
                _refuse(name, f"{takes}, separated by commas", text)
        return found

    def origin(self, name: builtins.str, *, default: Any) -> builtins.str:
        """Scheme and host, and a port where it is none of the scheme's own; without a slash at its end."""
        takes = "a scheme and a host such as https://metrics.example.com"
        text = self.str(name, default=default, takes=takes).rstrip("/")
        if not _is_origin(text) or "*" in text:
            _refuse(name, takes, text)
        return text

    def origins(self, name: builtins.str) -> builtins.list[builtins.str]:
        takes = "schemes and hosts such as https://metrics.example.com"
        found = self.list(name, takes=takes)
        for text in found:
            if not _is_origin(text):
                _refuse(name, f"{takes}, separated by commas", text)
        return found

    def http_url(self, name: builtins.str) -> builtins.str:
        """An address of a service, with a path where it has one; empty where there is none."""
        takes = "an address such as https://service.example.com"
        text = self.str(name, default="", takes=takes)
        if text and not (SERVICE.fullmatch(text) and _is_valid(_read_port, text)):
            _refuse(name, takes, None if "@" in text else text)
        return text

    def name_in_iam(self, name: builtins.str, *, default: builtins.str, most: builtins.int) -> builtins.str:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
        form = re.compile(rf"[A-Za-z0-9_+=,.@-]{{1,{most}}}")
        takes = f"a name in IAM: 1 to {most} letters, digits and any of _+=,.@-"
        return self.str(name, default=default, form=form, takes=takes)

    def redis_url(self, name: builtins.str, *, default: builtins.str) -> builtins.str:
        takes = "redis://HOST:6379/0 or rediss://HOST:6379/0, the last being the number of a database"
        if os.environ.get(name) == "":  # files, whatever the default is
            return ""
        text = self.str(name, default=default, takes=takes, secret=True)
        if text:
            parts = _split(name, text, takes, schemes={"redis", "rediss"})
            if (
                not parts.hostname
                or not _is_valid(_read_port, text)
                or not re.fullmatch("/?|/[0-9]{1,4}", parts.path)
            ):
                _refuse(name, takes)
        return text

    def db(self, name: builtins.str, *, default: builtins.str) -> dict[builtins.str, Any]:
        """Django's settings of the database."""
        takes = "postgres://USER:PASSWORD@HOST:5432/NAME or sqlite:///PATH"
        text = self.str(name, default=default, takes=takes, secret=True)
        _split(name, text, takes, schemes=DATABASES)
        try:
            config: dict[builtins.str, Any] = environ.Env.db_url_config(text)
        except ValueError:
            _refuse(name, takes)
        if config["NAME"] in {"", ":memory:"}:  # each connection would have a memory of its own
            _refuse(name, takes)
        return config

    def email_url(self, name: builtins.str, *, default: builtins.str) -> dict[builtins.str, Any]:
        """Django's settings of how mail is sent."""
        takes = "smtp+tls://USER:PASSWORD@HOST:587, filemail:///FOLDER or consolemail://"
        text = self.str(name, default=default, takes=takes, secret=True)
        parts = _split(name, text, takes, schemes=MAIL_SERVERS | MAIL_BACKENDS | {"filemail"})
        lacks_host = parts.scheme in MAIL_SERVERS and not parts.hostname
        if (
            not _is_valid(_read_port, text)
            or lacks_host
            or (parts.scheme == "filemail" and not parts.path.strip("/"))
        ):
            _refuse(name, takes)
        config: dict[builtins.str, Any] = environ.Env.email_url_config(text)
        return config


def _split(
    name: builtins.str, text: builtins.str, takes: builtins.str, *, schemes: Iterable[builtins.str]
) -> SplitResult:
    try:
        parts = urlsplit(text)
    except ValueError:
        _refuse(name, takes)
    if parts.scheme not in schemes or not text.startswith(f"{parts.scheme}://"):
        _refuse(name, takes)
    return parts


def _is_origin(text: builtins.str) -> bool:
    return bool(ORIGIN.fullmatch(text)) and _is_valid(_read_port, text)


def _read_port(text: builtins.str) -> builtins.int | None:
    """Raises ValueError for an invalid port."""
    return urlsplit(text).port


def _is_valid(read: Any, text: builtins.str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _one_of(choices: Sequence[builtins.str]) -> builtins.str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"


def _refuse(
    name: builtins.str, takes: builtins.str, value: builtins.str | None = None, why: builtins.str = ""
) -> NoReturn:
    said = "" if value is None else f", not {value!r}"
    raise ImproperlyConfigured(f"{name} must be {takes}{said}{why}")
