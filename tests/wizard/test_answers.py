"""The wizard over a store that does not answer as AWS does: words at the field or the step, never a 500."""

from __future__ import annotations

import pytest

from tests import answers
from tests.wizard.walk import errors_of, text_of

HTML = answers.page(answers.LOGIN_PAGE)


@pytest.mark.parametrize(
    ("operation", "change", "words"),
    [
        ("assume", HTML, "AWS Security Token Service cannot be used"),
        ("list", HTML, "it is not a listing"),
        ("list", answers.page(answers.WELL_FORMED_PAGE), "it is not a listing"),
        ("list", answers.without("Size"), "gives no Size for mentions/2026-03-08.csv"),
        (
            "list",
            answers.replace("<LastModified>.*?<", "<LastModified>soon<"),
            "does not follow the protocol",
        ),
        ("list", answers.replace("<IsTruncated>false", "<IsTruncated>true"), "cut off"),
        ("list", answers.add_entry("other/a.csv"), "do not begin with the prefix"),
    ],
)
def test_what_cannot_be_used_is_said_at_the_endpoint(walk, days, operation, change, words):
    days.alter(operation, change)
    [message] = errors_of(walk.post("source"))["endpoint"]
    assert words in message
    assert words in text_of(walk.client.post(walk.url("source"), {**walk.answers["source"], "show": "files"}))


@pytest.mark.parametrize("element", ["ETag", "LastModified"])
def test_files_whose_version_is_not_told_are_counted_with_the_reason(walk, days, element):
    days.alter("list", answers.without(element))
    [message] = errors_of(walk.post("source"))["prefix"]
    missing = "ETag" if element == "ETag" else "time"
    assert f"Ignored under mentions/: 5 because the store's listing gives no {missing}" in message


@pytest.mark.parametrize(
    ("change", "newest"),
    [
        (answers.replace("(03-12.csv</Key>.*?)<ETag>.*?</ETag>", r"\1"), "2026-03-11"),
        (answers.add_entry("mentions/a%00.csv"), "2026-03-12"),
    ],
)
def test_the_sample_is_read_from_the_files_that_can_be(walk, days, change, newest):
    days.alter("list", change)
    walk.to("date")
    page = text_of(walk.get("preview"))
    assert newest in page
    assert "2026-03-13" not in page


def test_a_page_in_place_of_a_file_is_said_on_the_step(walk, days):
    walk.to("preview")
    days.alter("get", HTML)
    page = walk.get("preview")
    assert page.status_code == 200
    assert "was asked for, and what came has no ETag, but the type text/html" in text_of(page)
