"""Databases of a test's own, of the kind that the suite runs on: made empty, and gone at the end."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.sqlite3._functions import register

from tests.collation import TEMPLATE
from tests.environment import RUN
from tests.processes import ROOT, make_database_url, make_environment
from tests.services import connect_to_postgresql

Rows = list[tuple[Any, ...]]
Errors = (sqlite3.Error, psycopg.Error)


@dataclass(frozen=True, slots=True)
class Scratch:
    """`vendor` is Django's name of the kind, `url` what DATABASE_URL takes. Its SQL is seen by no Django."""

    vendor: str
    url: str
    connection: Any

    def ask(self, sql: str) -> Rows:
        return self.connection.execute(sql).fetchall()

    def load(self, dump: str) -> None:
        if self.vendor == "sqlite":
            self.connection.executescript(dump)
            return
        self.connection.execute(dump)
        self.connection.execute("RESET ALL")  # a dump sets what suits its own reading

    @contextmanager
    def undone(self) -> Iterator[None]:
        """A transaction in which what is done is taken back."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    def run(self, *command: str) -> str:
        """What a process of the product on this database writes; where it fails, so does the test."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=make_environment(DATABASE_URL=self.url),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout


@contextmanager
def make_scratch(name: str, *, folder: Path) -> Iterator[Scratch]:
    """An empty database, without any of Django's; a server needs the template of tests.collation."""
    if connection.vendor == "sqlite":
        with open_database(str(folder / f"{name}.sqlite3")) as made:
            yield made
        return
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    name = f"scratch_{name}_{RUN}_{worker}"
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    with connect_to_postgresql(make_database_url("postgres"), autocommit=True) as server:
        server.execute(drop)
        server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        try:
            with open_database(name) as made:
                yield made
        finally:
            server.execute(drop)


@contextmanager
def open_database(name: str) -> Iterator[Scratch]:
    """The one of that name; on SQLite, of that file."""
    url = make_database_url(name)
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(name, isolation_level=None)) as opened:
            register(opened)  # what Django's indexes and constraints ask SQLite for: MD5, REGEXP
            yield Scratch("sqlite", url, opened)
        return
    with connect_to_postgresql(url, autocommit=True) as opened:
        yield Scratch("postgresql", url, opened)
