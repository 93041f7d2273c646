"""Where PostgreSQL and Redis answer on this machine, for the part of `make test` that needs them."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import environ
import psycopg
import redis

LOCAL_REDIS = "redis://127.0.0.1:6379"
REDIS_DATABASES = range(15, 0, -1)
RESERVED = "denominator-tests"  # the key that holds a database number for one run


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's address, or why there is none."""

    url: str = ""
    problem: str = ""


def find_postgresql() -> Answer:
    """The first address that lets us create databases: TEST_DATABASE_URL, else the usual local ones."""
    named = os.environ.get("TEST_DATABASE_URL")
    problems = []
    for url in [named] if named else _local_postgresql():
        problem = _why_not_postgresql(url)
        if not problem:
            return Answer(url=url)
        problems.append(f"{url}: {problem}")
    return Answer(problem="\n    ".join(["PostgreSQL does not answer (set TEST_DATABASE_URL):", *problems]))


def _local_postgresql() -> list[str]:
    socket = "postgres:////var/run/postgresql/postgres"
    users = dict.fromkeys(("postgres", "root", getpass.getuser()))
    return [socket, *(f"postgres://{user}@127.0.0.1:5432/postgres" for user in users)]


def connect_to_postgresql(url: str, **more: Any) -> psycopg.Connection:
    """A connection without Django, to an address as the settings take it. Raises psycopg.Error."""
    config = environ.Env.db_url_config(url)
    options = {"host": config["HOST"], "port": config["PORT"], "user": config["USER"]}
    options |= {"password": config["PASSWORD"], "dbname": config["NAME"]}
    given = {name: value for name, value in options.items() if value}
    return psycopg.connect(**given, connect_timeout=3, **more)


def _why_not_postgresql(url: str) -> str:
    may_create = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    try:
        with connect_to_postgresql(url) as connection:
            (allowed,) = connection.execute(may_create).fetchone()
    except psycopg.Error as error:
        return str(error).strip().splitlines()[0]
    return "" if allowed else "this user may not create databases"


@contextmanager
def reserve_redis() -> Iterator[Answer]:
    """An empty Redis database number of our own, emptied again at the end; no other number is touched."""
    server = os.environ.get("REDIS_URL", LOCAL_REDIS)
    reserved = None
    try:
        reserved = _reserve_number(server)
    except redis.RedisError as error:
        yield Answer(problem=f"Redis does not answer (set REDIS_URL):\n    {server}: {error}")
        return
    if reserved is None:
        yield Answer(problem=f"No empty database number of Redis at {server}. Empty one of 1 to 15.")
        return
    try:
        yield Answer(url=reserved)
    finally:
        with redis.Redis.from_url(reserved) as client:
            client.flushdb()


def _reserve_number(server: str) -> str | None:
    base = server.split("?")[0].rstrip("/")
    if base.rsplit("/", 1)[-1].isdigit():
        base = base.rsplit("/", 1)[0]
    for number in REDIS_DATABASES:
        url = f"{base}/{number}"
        with redis.Redis.from_url(url, socket_connect_timeout=3) as client:
            if client.dbsize() == 0 and client.set(RESERVED, os.getpid(), nx=True):
                return url
    return None
