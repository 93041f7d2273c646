"""gunicorn as it is documented, with clients that read and send slowly: the site goes on for others."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.marks import make_mark
from telemetry.models import Telemetry
from tests.pages.rows import make_account, make_member, make_telemetry, store_file
from tests.processes import ROOT, make_environment

DAY = date(2026, 5, 1)
READERS, SENDERS, THREADS = 20, 40, 12
PATIENCE = 30  # seconds that an answer may take on a loaded machine; for ever is what must not be
HEAD = "POST {} HTTP/1.1\r\nHost: localhost\r\nCookie: csrftoken={}\r\nContent-Length: 1000\r\n"
HEAD += "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
TOKEN = "a" * 32


@pytest.fixture
def telemetry(transactional_db: None) -> Telemetry:
    """Whose points are 12 MB: more than the buffers of a connection hold."""
    telemetry = make_telemetry(make_account(), dimensions=["team"])
    store_file(telemetry, "1.csv", {DAY: {(f"{number:03}" + "x" * 100_000,): "1" for number in range(120)}})
    return telemetry


@pytest.fixture
def cookie(telemetry: Telemetry) -> str:
    client = Client()
    client.force_login(make_member(telemetry.account, "viewer"))
    return (
        f"{django_settings.SESSION_COOKIE_NAME}={client.cookies[django_settings.SESSION_COOKIE_NAME].value}"
    )


@contextmanager
def serve(**settings: str) -> Iterator[int]:
    """One process by the documented configuration, on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = make_environment(
        DEBUG="1",
        ALLOWED_HOSTS="localhost,127.0.0.1",
        SECRET_KEY=django_settings.SECRET_KEY,
        WEB_CONCURRENCY="1",
        WEB_THREADS=str(THREADS),
        WEB_BIND=f"127.0.0.1:{port}",
        **settings,
    )
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--no-control-socket"]
    process = subprocess.Popen(
        [*command, "config.wsgi"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until(lambda: ask(port, "/healthz").status == 200, OSError)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_until(condition, *passing: type[Exception]) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while True:
        try:
            if condition():
                return
        except passing:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(port: int, path: str, cookie: str = "") -> http.client.HTTPResponse:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    client.request("GET", path, headers={"Cookie": cookie})
    return client.getresponse()


def open_slow_reader(port: int, path: str, cookie: str) -> socket.socket:
    """Asks for a download, and reads none of it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
    return client


def open_slow_sender(port: int, path: str) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    client.sendall(HEAD.format(path, TOKEN).encode() + b"c")
    return client


def count_transactions_of_others() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def send_in_pieces(port: int) -> None:
    """Requests in pieces, one behind the other and after a nod: what a client may do by the standard."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        stream = client.makefile("rb")
        client.sendall(b"GET /healthz HTT")
        client.sendall(b"P/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: loc")
        assert _read_answer(stream) == (b"HTTP/1.1 200 OK", b'{"ok": true}')
        client.sendall(b"alhost\r\n\r\n")
        assert _read_answer(stream)[0] == b"HTTP/1.1 200 OK"
        mark = quote(make_mark(user=None, account=None))
        form = f"csrfmiddlewaretoken={TOKEN}&made_for={mark}&username=a%40b.example&password=x".encode()
        head = HEAD.format(reverse("accounts:login"), TOKEN).replace("1000", str(len(form)))
        client.sendall(head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n").encode())
        assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert stream.readline() == b"\r\n"
        client.sendall(form)
        status, page = _read_answer(stream)
        assert b"100" in status or b"200" in status
        if b"100" in status:  # gunicorn says so too
            status, page = _read_answer(stream)
        assert (status, b"Incorrect e-mail" in page) == (b"HTTP/1.1 200 OK", True)


def test_twenty_slow_readers_and_forty_slow_senders_leave_the_site_to_the_others(telemetry, cookie):
    points = reverse("telemetry:points_csv", args=[telemetry.public_id])
    with serve(DOWNLOADS_AT_ONCE=str(READERS)) as port, ExitStack() as open_clients:
        for _ in range(SENDERS):
            open_clients.enter_context(open_slow_sender(port, reverse("accounts:login")))
        readers = [open_clients.enter_context(open_slow_reader(port, points, cookie)) for _ in range(READERS)]
        answers = [reader.recv(15) for reader in readers]

        assert answers.count(b"HTTP/1.1 200 OK") == django_settings.DOWNLOADS_OF_A_PROCESS
        assert answers.count(b"HTTP/1.1 503 Se") == READERS - django_settings.DOWNLOADS_OF_A_PROCESS
        for path in ("/healthz", "/readyz", reverse("accounts:login")):
            assert ask(port, path).status == 200
        assert ask(port, reverse("telemetry:list"), cookie).status == 200
        send_in_pieces(port)
        if connection.vendor == "postgresql":
            assert count_transactions_of_others() == 0


def test_a_body_in_chunks_takes_no_thread(telemetry):
    head = HEAD.format(reverse("accounts:login"), TOKEN).replace("Content-Length: 1000", "{}")
    with serve() as port, ExitStack() as open_clients:
        for spelling in ("Transfer-Encoding: chunked", "TRANSFER-ENCODING : gzip, chunked"):
            for _ in range(THREADS):
                client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                open_clients.enter_context(client)
                client.sendall(head.format(spelling).encode() + b"5\r\nab")
                assert client.recv(100).startswith(b"HTTP/1.1 411 Length Required")


def test_who_is_too_slow_is_told_or_broken_off(telemetry, cookie):
    points = reverse("telemetry:points_csv", args=[telemetry.public_id])
    with serve(REQUEST_SECONDS="1", ANSWER_SECONDS="1", DOWNLOADS_AT_ONCE="1") as port:
        with open_slow_sender(port, reverse("accounts:login")) as sender:
            assert sender.recv(100).startswith(b"HTTP/1.1 408 Request Timeout")
            assert sender.recv(100) == b""
        with open_slow_reader(port, points, cookie) as reader:
            assert reader.recv(15) == b"HTTP/1.1 200 OK"
            _wait_until(lambda: ask(port, points, cookie).status == 200)  # its place is free again
            length = sum(map(len, iter(lambda: reader.recv(2**20), b"")))
        assert length < 12_000_000


def _read_answer(stream) -> tuple[bytes, bytes]:
    status, length = stream.readline().strip(), 0
    while line := stream.readline().strip().lower():
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, stream.read(length)
