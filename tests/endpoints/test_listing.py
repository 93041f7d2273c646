"""How stores that answer otherwise than AWS are listed: to the end, each object once, or refused by name."""

from __future__ import annotations

from itertools import count

import pytest

from endpoints import storage
from tests import answers
from tests.endpoints.listings import keys, refusal


@pytest.fixture
def three_pages(put, monkeypatch):
    monkeypatch.setattr(storage, "KEYS_A_PAGE", 1)
    for name in ("a.csv", "b.csv", "c.csv"):
        put(name)


@pytest.mark.parametrize("truncated", ["true", "True", "TRUE", " true ", "1"])
def test_a_listing_goes_on_however_the_store_writes_that_it_does(exports, standin, three_pages, truncated):
    standin.alter("list", answers.replace("<IsTruncated>true<", f"<IsTruncated>{truncated}<"))
    assert len(keys(exports)) == 3


def test_a_listing_that_does_not_say_whether_it_goes_on_goes_on_where_it_says_how(
    exports, standin, three_pages
):
    standin.alter("list", answers.without("IsTruncated"))
    assert "does not say whether it ends" in refusal(exports), "a last page that is full"
    standin.clear_faults()
    standin.alter("list", answers.without("IsTruncated"), times=2)
    assert len(keys(exports)) == 3


def test_a_listing_of_fewer_objects_than_a_page_holds_ends_without_saying_so(exports, standin, put):
    put("a.csv")
    standin.alter("list", answers.without("IsTruncated"))
    assert keys(exports) == ["exports/a.csv"]


@pytest.mark.parametrize("text", ["<IsTruncated>maybe</IsTruncated>", "<IsTruncated/>"])
def test_a_listing_that_says_something_else_of_its_end_is_refused(exports, standin, put, text):
    put("a.csv")
    standin.alter("list", answers.replace("<IsTruncated>false</IsTruncated>", text))
    assert "does not say whether it ends" in refusal(exports)


@pytest.mark.parametrize("token", ["", "<NextContinuationToken/>", "<NextMarker>exports/a.csv</NextMarker>"])
def test_a_listing_cut_off_without_a_token_is_not_taken_for_the_whole(exports, standin, three_pages, token):
    standin.alter("list", answers.replace("<NextContinuationToken>.*?</NextContinuationToken>", token))
    assert "cut off without saying how to go on" in refusal(exports)


def test_a_repeated_token_is_refused(exports, standin, three_pages):
    token = f"<NextContinuationToken>1{b'exports/a.csv'.hex()}<"
    standin.alter("list", answers.replace("<NextContinuationToken>.*?<", token))
    assert "goes in a circle" in refusal(exports)
    assert standin.count("list") == 2


def test_a_cycle_of_several_pages_is_refused(exports, standin, three_pages):
    start_over = answers.replace(
        "<IsTruncated>false</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextContinuationToken>1</NextContinuationToken>",
    )
    standin.alter("list", start_over)
    assert "goes in a circle" in refusal(exports)
    assert standin.count("list") == 4


def test_a_store_that_begins_anew_with_every_new_token_is_left(exports, standin, put):
    put("a.csv")
    put("b.csv")
    numbers = count()

    def go_on(text: str) -> str:
        token = f"<NextContinuationToken>1{' ' * next(numbers)}</NextContinuationToken>"
        return text.replace("<IsTruncated>false", f"{token}<IsTruncated>true")

    standin.alter("list", answers.edit(go_on))
    assert "does not go on" in refusal(exports)
    assert standin.count("list") == 2


def test_pages_without_objects_are_passed_over_wherever_they_come(exports, standin, three_pages):
    standin.alter("list", answers.without("Contents"), times=1)
    assert keys(exports) == ["exports/b.csv", "exports/c.csv"]


def test_pages_without_objects_do_not_go_on_for_ever(exports, standin, put, monkeypatch):
    monkeypatch.setattr("endpoints.listing.MAX_EMPTY_PAGES", 20)
    put("a.csv")
    numbers = count()

    def go_on(text: str) -> str:
        token = f"<NextContinuationToken>1{' ' * next(numbers)}</NextContinuationToken>"
        return answers.ENTRY.sub("", text).replace("<IsTruncated>false", f"{token}<IsTruncated>true")

    standin.alter("list", answers.edit(go_on))
    assert "does not end: 20 pages without an object" in refusal(exports)


def test_an_empty_first_page_that_does_not_say_whether_it_goes_on_goes_on_where_it_says_how(
    exports, standin, three_pages
):
    bare = answers.edit(
        lambda text: answers.ENTRY.sub("", text).replace("<IsTruncated>true</IsTruncated>", "")
    )
    standin.alter("list", bare, times=1)
    assert keys(exports) == ["exports/b.csv", "exports/c.csv"]


def test_a_token_where_the_listing_has_ended_is_not_followed(exports, standin, put):
    put("a.csv")
    token = "<NextContinuationToken>1</NextContinuationToken></ListBucketResult>"
    standin.alter("list", answers.replace("</ListBucketResult>", token))
    assert keys(exports) == ["exports/a.csv"]
    assert standin.count("list") == 1


def test_a_listing_without_a_count_of_keys_is_read(exports, standin, put):
    put("a.csv")
    standin.alter("list", answers.without("KeyCount"))
    assert keys(exports) == ["exports/a.csv"]


def test_an_entry_that_comes_twice_is_one_object(exports, standin, put):
    put("a.csv")
    put("b.csv")
    standin.alter("list", answers.edit(lambda text: answers.ENTRY.sub(lambda found: found[0] * 2, text)))
    assert keys(exports) == ["exports/a.csv", "exports/b.csv"]


def test_a_page_that_begins_where_the_one_before_ended_repeats_nothing(
    exports, standin, three_pages, monkeypatch
):
    monkeypatch.setattr(storage, "KEYS_A_PAGE", 2)
    entries = []

    def repeat_the_last(text: str) -> str:
        before = entries[-1:]
        entries.extend(answers.ENTRY.findall(text))
        return text.replace("<Contents>", f"{''.join(before)}<Contents>", 1)

    standin.alter("list", answers.edit(repeat_the_last))
    assert keys(exports) == ["exports/a.csv", "exports/b.csv", "exports/c.csv"]


def test_an_entry_that_comes_again_in_a_listing_without_order_is_one_object(exports, standin, put):
    for name in ("a.csv", "b.csv", "c.csv"):
        put(name)

    def shuffle(text: str) -> str:
        a, b, c = answers.ENTRY.findall(text)
        start, end = text.index(a), text.index(c) + len(c)
        return text[:start] + c + a + b + a + c + text[end:]

    standin.alter("list", answers.edit(shuffle))
    assert keys(exports) == ["exports/c.csv", "exports/a.csv", "exports/b.csv"]


@pytest.mark.parametrize("element", ["ETag", "Size", "LastModified"])
def test_one_key_in_two_versions_is_refused_by_name(exports, standin, put, element):
    other = {"ETag": '"f00"', "Size": "9", "LastModified": "2020-01-01T00:00:00Z"}[element]
    put("a.csv")

    def add_another(text: str) -> str:
        [entry] = answers.ENTRY.findall(text)
        found = entry.replace(entry.split(f"<{element}>")[1].split("<")[0], other)
        return text.replace(entry, entry + found)

    standin.alter("list", answers.edit(add_another))
    assert "holds exports/a.csv twice, in two versions" in refusal(exports)
