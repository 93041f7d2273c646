"""What a process of its own needs to work on the tests' database, bucket and queue as in production."""

from __future__ import annotations

import os
from pathlib import Path

from django.db import connection

from tests.environment import FOLDER

ROOT = Path(__file__).resolve().parent.parent


def make_environment(**more: str) -> dict[str, str]:
    """The product's own settings, on the running test's database; the stand-in's are set already."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "0",
        "SECRET_KEY": "of tests that serve nobody",
        "ALLOWED_HOSTS": "localhost",
        "SITE_URL": "https://localhost",
        "DATABASE_URL": make_database_url(str(connection.settings_dict["NAME"])),
        "VAR_DIR": str(FOLDER / "processes"),
        "LOG_LEVEL": "WARNING",
        **more,
    }


def make_database_url(name: str) -> str:
    """The address of the database of that name (SQLite: that file), beside the tests' own."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    address, mark, query = os.environ["DATABASE_URL"].partition("?")
    return f"{address.rpartition('/')[0]}/{name}{mark}{query}"  # also where the host is a socket's folder
