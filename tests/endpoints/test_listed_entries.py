"""What is made of a listing's entries and names, and of what is no listing at all."""

from __future__ import annotations

import pytest

from endpoints import storage
from endpoints.listing import decode_key
from endpoints.objects import UNKNOWN_TIME
from tests import answers
from tests.endpoints.listings import keys, list_all, refusal


@pytest.mark.parametrize("element", ["ETag", "LastModified"])
def test_an_entry_that_does_not_tell_its_version_has_a_problem_and_the_others_have_none(
    exports, standin, put, element
):
    put("a.csv")
    put("b.csv")
    standin.alter("list", answers.without(element, count=1))
    first, second = list_all(exports)
    assert element in first.problem
    assert second.problem == ""


@pytest.mark.parametrize(
    "etag", ["<ETag></ETag>", "<ETag/>", '<ETag>""</ETag>', f"<ETag>{'a' * 201}</ETag>", '<ETag>W/""</ETag>']
)
def test_an_invalid_etag_is_a_problem(exports, standin, put, etag):
    put("a.csv")
    standin.alter("list", answers.replace("<ETag>.*?</ETag>", etag))
    assert "ETag" in list_all(exports)[0].problem


def test_an_object_with_a_problem_is_not_read(exports, standin, put):
    put("a.csv")
    standin.alter("list", answers.without("ETag"))
    bucket = storage.open_bucket(exports)
    [obj] = list_all(exports)
    for read in (bucket.open_stream, lambda obj: bucket.read_range(obj, start=0, length=1)):
        with pytest.raises(storage.UnusableResponse, match=r"exports/a\.csv.*no ETag"):
            read(obj)
    assert standin.count("get") == 0


def test_a_time_at_the_calendars_edge_is_a_problem(exports, standin, put):
    put("a.csv")
    first_hour = "<LastModified>0001-01-01T00:00:00+14:00<"
    standin.alter("list", answers.replace("<LastModified>.*?<", first_hour))
    [obj] = list_all(exports)
    assert "LastModified" in obj.problem
    assert obj.last_modified == UNKNOWN_TIME


@pytest.mark.parametrize("size", ["", "<Size>-1</Size>", f"<Size>{2**63}</Size>"])
def test_an_invalid_size_makes_the_listing_unusable_by_name(exports, standin, put, size):
    put("a.csv")
    standin.alter("list", answers.replace("<Size>.*?</Size>", size))
    assert "gives no Size for exports/a.csv" in refusal(exports)


@pytest.mark.parametrize(
    ("element", "by"),
    [
        ("Size", "<Size>many</Size>"),
        ("Size", "<Size></Size>"),
        ("LastModified", "<LastModified>yesterday, perhaps</LastModified>"),
        ("LastModified", "<LastModified></LastModified>"),
        ("Key", "<Key>exports/a.csv</Key><Key>exports/b.csv</Key>"),
        ("Key", "<Key></Key>"),
        ("Key", ""),
    ],
)
def test_an_entry_that_cannot_be_understood_makes_the_listing_unusable(exports, standin, put, element, by):
    put("a.csv")
    standin.alter("list", answers.replace(f"<{element}>.*?</{element}>", by))
    assert refusal(exports).startswith("The answer of Amazon S3 cannot be used: ")


def test_the_etag_of_a_multipart_upload_is_an_etag(exports, standin, put):
    put("a.csv")
    standin.alter("list", answers.replace("<ETag>.*?<", '<ETag>"9bb58f26192e4ba00f01e2e7b136bbd8-5"<'))
    assert list_all(exports)[0].etag == "9bb58f26192e4ba00f01e2e7b136bbd8-5"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("a%20b.csv", "a b.csv"),
        ("a+b.csv", "a b.csv"),
        ("a%2Bb.csv", "a+b.csv"),
        ("t%C3%A4glich.csv", "täglich.csv"),
        ("100%.csv", "100%.csv"),
        ("a+b c.csv", "a+b c.csv"),
        ("täg+lich.csv", "täg+lich.csv"),
        ("%zz+%41.csv", "%zz+%41.csv"),
    ],
)
def test_a_name_that_no_encoder_leaves_is_taken_as_it_stands(raw, name):
    assert decode_key(raw) == name


def test_names_are_read_as_they_are_where_the_store_does_not_encode_and_says_so(exports, standin, put):
    for name in ("a+b%41.csv", "c d.csv"):
        put(name)

    def leave_raw(text: str) -> str:
        text = text.replace("<EncodingType>url</EncodingType>", "")
        return text.replace("a%2Bb%2541", "a+b%41").replace("c+d", "c d")

    standin.alter("list", answers.edit(leave_raw))
    assert keys(exports) == ["exports/a+b%41.csv", "exports/c d.csv"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("exports/a%00b.csv", r"exports/a\x00b.csv"),
        ("exports/%FF.csv", r"exports/\xff.csv"),
        ("exports/%ED%A0%80.csv", r"exports/\xed\xa0\x80.csv"),
        (f"exports/{'x' * 2000}.csv", f"exports/{'x' * 892}… (2,012 characters, "),
    ],
)
def test_a_name_that_cannot_be_kept_is_shown_escaped_with_its_reason(exports, standin, put, raw, shown):
    put("a.csv")
    standin.alter("list", answers.add_entry(raw))
    usable, other = list_all(exports)
    assert usable.unnamed == ""
    assert other.key.startswith(shown)
    assert other.unnamed.startswith("its name")
    with pytest.raises(storage.UnusableResponse):
        storage.open_bucket(exports).open_stream(other)


@pytest.mark.parametrize("foreign", ["other/a.csv", "Exports/a.csv", "exports%252Fa.csv", "/exports/a.csv"])
def test_names_outside_of_the_prefix_are_never_taken_for_names_within(exports, standin, put, foreign):
    put("a.csv")
    standin.alter("list", answers.add_entry(foreign))
    assert "do not begin with the prefix" in refusal(exports)


@pytest.mark.parametrize(
    "html",
    [
        answers.LOGIN_PAGE,
        answers.WELL_FORMED_PAGE,
        "",
        " ",
        "{}",
        "Moved",
        "<?xml version='1.0'?><ok/>",
        "<!---->" * 9000,
    ],
)
def test_a_page_in_place_of_the_listing_is_not_an_empty_bucket(exports, standin, html):
    standin.alter("list", answers.page(html))
    assert "it is " in refusal(exports)


def test_invalid_xml_is_not_an_empty_bucket(exports, standin, put):
    put("a.csv")
    standin.alter("list", answers.replace("a.csv", "a\x01.csv"))
    with pytest.raises(storage.StorageError):
        list_all(exports)


def test_an_error_with_status_200_is_reported_as_that_error(exports, standin):
    error = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    standin.alter("list", answers.page(error))
    with pytest.raises(storage.SlowDown):
        list_all(exports)


@pytest.mark.parametrize("html", [answers.LOGIN_PAGE, answers.WELL_FORMED_PAGE, ""])
def test_a_page_in_place_of_credentials_is_named(exports, standin, html):
    standin.alter("assume", answers.page(html))
    with pytest.raises(storage.UnusableResponse, match="AWS Security Token Service"):
        storage.open_bucket(exports)
