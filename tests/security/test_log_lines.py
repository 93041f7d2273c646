"""One event is one line, whatever stands in it: nobody writes a line of the log but we."""

from __future__ import annotations

import io
import json
import logging
import re
import unicodedata

import pytest
import structlog
from django.core.management import call_command
from django.core.management.base import OutputWrapper
from django.test import Client

from commandline.command import Command
from commandline.printable import printable
from tests.logs import logging_to
from tests.pages.rows import make_account, make_telemetry, sign_in

FORGED = "2026-01-01T00:00:00Z [info] admin signed in"
BREAKS = {
    "line feed": "\n",
    "carriage return": "\r",
    "CRLF": "\r\n",
    "vertical tab": "\v",
    "form feed": "\f",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "erase the line": "\x1b[2K\r",
    "colour": "\x1b[31m",
    "C1 control sequence": "\x9b2K",
    "backspace": "\b" * 20,
    "bell": "\a",
    "NUL": "\0",
    "delete": "\x7f",
    "right to left": "\u202e",
    "isolate": "\u2066",
    "file separator": "\x1c",
}


@pytest.fixture(params=list(BREAKS.values()), ids=list(BREAKS))
def attack(request: pytest.FixtureRequest) -> str:
    return f"exports/a.csv{request.param}{FORGED}"


def assert_one_line(text: str, *, lines: int = 1) -> None:
    """`text` ends with its one line feed, and every other character of it can be seen."""
    assert text.endswith("\n")
    assert len(text.splitlines()) == lines
    odd = [char for char in text.replace("\n", "") if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}]
    assert odd == []


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "console"])
class TestEvents:
    def log(self, as_json: bool, write) -> str:
        with logging_to(io.StringIO(), as_json=[as_json], level="INFO") as written:
            write()
        return written.getvalue()

    def test_values(self, as_json, attack):
        log = structlog.get_logger("ingestion.read")
        text = self.log(
            as_json, lambda: log.info("file failed", key=attack, names=[attack], more={attack: 1})
        )
        assert_one_line(text)

    def test_the_event_itself_and_its_names(self, as_json, attack):
        text = self.log(as_json, lambda: structlog.get_logger("x").info(attack, **{attack: "value"}))
        assert_one_line(text)

    def test_a_librarys_message(self, as_json, attack):
        text = self.log(as_json, lambda: logging.getLogger("django.request").warning("Not Found: %s", attack))
        assert_one_line(text)

    def test_a_traceback_stays_several_lines_but_each_of_them_is_indented(self, as_json, attack):
        def fail() -> None:
            try:
                raise ValueError(attack)
            except ValueError:
                logging.getLogger("celery.app.trace").exception("Task failed: %s", attack)

        text = self.log(as_json, fail)
        first, *rest = text.splitlines()
        assert FORGED not in first or first.index(FORGED) > 0
        assert all(line.startswith("    ") for line in rest)
        assert "\x1b" not in text
        assert bool(rest) != as_json

    def test_what_a_browser_sends(self, db, as_json, attack):
        def visit() -> None:
            client = Client(raise_request_exception=False)
            client.get("/" + attack, headers={"User-Agent": attack, "Referer": attack})
            client.post("/accounts/logout/", headers={"Host": "testserver"})
            client.get("/", headers={"Host": f"evil{attack}"})

        for line in self.log(as_json, visit).splitlines():
            assert not line.startswith("2026-01-01")
            assert not set(line) & set("\x1b\x9b\0\b\u2028\u202e")

    @pytest.mark.urls("tests.accounts.guarded_urls")
    @pytest.mark.parametrize("path", ["/guarded/manage-members/", "/refused/", "/no/such/page/"])
    def test_a_refusal_is_a_line_without_a_traceback(self, db, as_json, path):
        client = sign_in(make_account("Acme"), "viewer")
        text = self.log(as_json, lambda: client.get(path))
        assert_one_line(text)
        assert path in text
        assert "Traceback" not in text

    def test_the_line_still_says_what_it_is_about(self, as_json, attack):
        text = self.log(as_json, lambda: structlog.get_logger("x").info("file failed", key=attack))
        assert "exports/a.csv" in text
        assert FORGED in text
        if as_json:
            assert json.loads(text)["key"] == attack  # to programs it is verbatim


def test_what_a_command_says_on_the_way_is_one_line_a_sentence(attack):
    command, written = Command(), io.StringIO()
    command.stderr = OutputWrapper(written)
    command.note(f"requests: {attack}: it could not be read")
    assert_one_line(written.getvalue())


def test_what_a_command_answers_moves_no_terminals_cursor(db):
    make_telemetry(make_account("Acme"), name="a\x1b[2K\x9b\u202eb")
    out = io.StringIO()
    call_command("list_telemetries", account="acme", stdout=out)
    assert_one_line(out.getvalue())


def test_what_can_be_seen_stays_as_it_is():
    for text in ("exports/2026-05-01.csv", "Größe", "数据.csv", "a b", 'with "quotes"', "back\\slash", "🙂"):
        assert printable(text) == text


def test_what_cannot_be_seen_is_written_out():
    assert printable("a\nb\x1b[31m\u2028\U000e0001") == "a\\nb\\x1b[31m\\u2028\\U000e0001"
    assert re.fullmatch(r"[ -~]+", printable("".join(map(chr, range(0x20)))))
