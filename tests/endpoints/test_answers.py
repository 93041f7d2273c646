"""What endpoints.storage makes of other stores' answers than AWS's: it copes exactly, or refuses by name."""

from __future__ import annotations

from itertools import count

import pytest

from accounts.models import Account
from endpoints import storage
from endpoints.listing import decode_key
from endpoints.objects import UNKNOWN_TIME
from tests import answers
from tests.standin import BUCKET, make_endpoint, trust

ONE_A_PAGE = 1


@pytest.fixture
def endpoint(standin):
    made = make_endpoint(Account(name="Acme", slug="acme"), path_prefix="exports")
    trust(standin, made)
    return made


@pytest.fixture
def put(standin):
    return lambda name, body="date,n\n": standin.put_object(BUCKET, f"exports/{name}", body)


def list_all(endpoint, prefix="exports/"):
    return [obj for page in storage.open_bucket(endpoint).list_pages(prefix) for obj in page]


def keys(endpoint):
    return [obj.key for obj in list_all(endpoint)]


def refusal(endpoint):
    with pytest.raises(storage.AnswerUnusable) as caught:
        list_all(endpoint)
    assert caught.value.remedy.startswith("Check that AWS_ENDPOINT_URL")
    return caught.value.message


@pytest.fixture
def three_pages(put, monkeypatch):
    monkeypatch.setattr(storage, "KEYS_A_PAGE", ONE_A_PAGE)
    for name in ("a.csv", "b.csv", "c.csv"):
        put(name)


# --- whether the listing goes on -------------------------------------------------------------------------


@pytest.mark.parametrize("truncated", ["true", "True", "TRUE", " true ", "1"])
def test_a_listing_goes_on_however_the_store_writes_that_it_does(endpoint, standin, three_pages, truncated):
    standin.alter("list", answers.replace("<IsTruncated>true<", f"<IsTruncated>{truncated}<"))
    assert len(keys(endpoint)) == 3


def test_a_listing_that_does_not_say_whether_it_goes_on_goes_on_where_it_says_how(
    endpoint, standin, three_pages
):
    standin.alter("list", answers.without("IsTruncated"))
    assert "does not say whether it ends" in refusal(endpoint), "a last page that is full"
    standin.clear_faults()
    standin.alter("list", answers.without("IsTruncated"), times=2)
    assert len(keys(endpoint)) == 3


def test_a_listing_of_fewer_objects_than_a_page_holds_ends_without_saying_so(endpoint, standin, put):
    put("a.csv")
    standin.alter("list", answers.without("IsTruncated"))
    assert keys(endpoint) == ["exports/a.csv"]


@pytest.mark.parametrize("text", ["<IsTruncated>maybe</IsTruncated>", "<IsTruncated/>"])
def test_a_listing_that_says_something_else_of_its_end_is_refused(endpoint, standin, put, text):
    put("a.csv")
    standin.alter("list", answers.replace("<IsTruncated>false</IsTruncated>", text))
    assert "does not say whether it ends" in refusal(endpoint)


@pytest.mark.parametrize("token", ["", "<NextContinuationToken/>", "<NextMarker>exports/a.csv</NextMarker>"])
def test_a_listing_cut_off_without_a_token_is_not_taken_for_the_whole(endpoint, standin, three_pages, token):
    standin.alter("list", answers.replace("<NextContinuationToken>.*?</NextContinuationToken>", token))
    assert "cut off without saying how to go on" in refusal(endpoint)


def test_the_same_token_again_is_a_circle(endpoint, standin, three_pages):
    token = f"<NextContinuationToken>1{b'exports/a.csv'.hex()}<"
    standin.alter("list", answers.replace("<NextContinuationToken>.*?<", token))
    assert "goes in a circle" in refusal(endpoint)
    assert standin.count("list") == 2


def test_a_circle_of_several_pages_ends_too(endpoint, standin, three_pages):
    start_over = answers.replace(
        "<IsTruncated>false</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextContinuationToken>1</NextContinuationToken>",
    )
    standin.alter("list", start_over)
    assert "goes in a circle" in refusal(endpoint)
    assert standin.count("list") == 4


def test_a_store_that_begins_anew_with_every_new_token_is_left(endpoint, standin, put):
    put("a.csv")
    put("b.csv")
    numbers = count()

    def go_on(text: str) -> str:
        token = f"<NextContinuationToken>1{' ' * next(numbers)}</NextContinuationToken>"
        return text.replace("<IsTruncated>false", f"{token}<IsTruncated>true")

    standin.alter("list", answers.edit(go_on))
    assert "does not go on" in refusal(endpoint)
    assert standin.count("list") == 2


def test_pages_without_objects_are_passed_over_wherever_they_come(endpoint, standin, three_pages):
    standin.alter("list", answers.without("Contents"), times=1)
    assert keys(endpoint) == ["exports/b.csv", "exports/c.csv"]


def test_pages_without_objects_do_not_go_on_for_ever(endpoint, standin, put, monkeypatch):
    monkeypatch.setattr("endpoints.listing.MAX_EMPTY_PAGES", 20)
    put("a.csv")
    numbers = count()

    def go_on(text: str) -> str:
        token = f"<NextContinuationToken>1{' ' * next(numbers)}</NextContinuationToken>"
        return answers.ENTRY.sub("", text).replace("<IsTruncated>false", f"{token}<IsTruncated>true")

    standin.alter("list", answers.edit(go_on))
    assert "does not end: 20 pages without an object" in refusal(endpoint)


def test_an_empty_first_page_that_does_not_say_whether_it_goes_on_goes_on_where_it_says_how(
    endpoint, standin, three_pages
):
    bare = answers.edit(
        lambda text: answers.ENTRY.sub("", text).replace("<IsTruncated>true</IsTruncated>", "")
    )
    standin.alter("list", bare, times=1)
    assert keys(endpoint) == ["exports/b.csv", "exports/c.csv"]


def test_a_token_where_the_listing_has_ended_is_not_followed(endpoint, standin, put):
    put("a.csv")
    token = "<NextContinuationToken>1</NextContinuationToken></ListBucketResult>"
    standin.alter("list", answers.replace("</ListBucketResult>", token))
    assert keys(endpoint) == ["exports/a.csv"]
    assert standin.count("list") == 1


def test_a_listing_without_a_count_of_keys_is_read(endpoint, standin, put):
    put("a.csv")
    standin.alter("list", answers.without("KeyCount"))
    assert keys(endpoint) == ["exports/a.csv"]


# --- what an entry says ----------------------------------------------------------------------------------


@pytest.mark.parametrize("element", ["ETag", "LastModified"])
def test_an_entry_that_does_not_tell_its_version_has_a_problem_and_the_others_have_none(
    endpoint, standin, put, element
):
    put("a.csv")
    put("b.csv")
    standin.alter("list", answers.without(element, count=1))
    first, second = list_all(endpoint)
    assert element in first.problem
    assert second.problem == ""


@pytest.mark.parametrize(
    "etag", ["<ETag></ETag>", "<ETag/>", '<ETag>""</ETag>', f"<ETag>{'a' * 201}</ETag>", '<ETag>W/""</ETag>']
)
def test_an_etag_that_is_none_is_a_problem(endpoint, standin, put, etag):
    put("a.csv")
    standin.alter("list", answers.replace("<ETag>.*?</ETag>", etag))
    assert "ETag" in list_all(endpoint)[0].problem


def test_an_object_with_a_problem_is_not_read(endpoint, standin, put):
    put("a.csv")
    standin.alter("list", answers.without("ETag"))
    bucket = storage.open_bucket(endpoint)
    [obj] = list_all(endpoint)
    for read in (bucket.open_stream, lambda obj: bucket.read_range(obj, start=0, length=1)):
        with pytest.raises(storage.AnswerUnusable, match=r"exports/a\.csv.*no ETag"):
            read(obj)
    assert standin.count("get") == 0


def test_a_time_at_the_calendars_edge_is_a_problem(endpoint, standin, put):
    put("a.csv")
    first_hour = "<LastModified>0001-01-01T00:00:00+14:00<"
    standin.alter("list", answers.replace("<LastModified>.*?<", first_hour))
    [obj] = list_all(endpoint)
    assert "LastModified" in obj.problem
    assert obj.last_modified == UNKNOWN_TIME


@pytest.mark.parametrize("size", ["", "<Size>-1</Size>", f"<Size>{2**63}</Size>"])
def test_a_size_that_is_none_makes_the_listing_unusable_by_name(endpoint, standin, put, size):
    put("a.csv")
    standin.alter("list", answers.replace("<Size>.*?</Size>", size))
    assert "gives no Size for exports/a.csv" in refusal(endpoint)


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
def test_an_entry_that_cannot_be_understood_makes_the_listing_unusable(endpoint, standin, put, element, by):
    put("a.csv")
    standin.alter("list", answers.replace(f"<{element}>.*?</{element}>", by))
    assert refusal(endpoint).startswith("The answer of Amazon S3 cannot be used: ")


def test_the_etag_of_a_multipart_upload_is_an_etag(endpoint, standin, put):
    put("a.csv")
    standin.alter("list", answers.replace("<ETag>.*?<", '<ETag>"9bb58f26192e4ba00f01e2e7b136bbd8-5"<'))
    assert list_all(endpoint)[0].etag == "9bb58f26192e4ba00f01e2e7b136bbd8-5"


# --- a key twice -----------------------------------------------------------------------------------------


def test_an_entry_that_comes_twice_is_one_object(endpoint, standin, put):
    put("a.csv")
    put("b.csv")
    standin.alter("list", answers.edit(lambda text: answers.ENTRY.sub(lambda found: found[0] * 2, text)))
    assert keys(endpoint) == ["exports/a.csv", "exports/b.csv"]


def test_a_page_that_begins_where_the_one_before_ended_repeats_nothing(
    endpoint, standin, three_pages, monkeypatch
):
    monkeypatch.setattr(storage, "KEYS_A_PAGE", 2)
    entries = []

    def repeat_the_last(text: str) -> str:
        before = entries[-1:]
        entries.extend(answers.ENTRY.findall(text))
        return text.replace("<Contents>", f"{''.join(before)}<Contents>", 1)

    standin.alter("list", answers.edit(repeat_the_last))
    assert keys(endpoint) == ["exports/a.csv", "exports/b.csv", "exports/c.csv"]


def test_an_entry_that_comes_again_in_a_listing_without_order_is_one_object(endpoint, standin, put):
    for name in ("a.csv", "b.csv", "c.csv"):
        put(name)

    def shuffle(text: str) -> str:
        a, b, c = answers.ENTRY.findall(text)
        start, end = text.index(a), text.index(c) + len(c)
        return text[:start] + c + a + b + a + c + text[end:]

    standin.alter("list", answers.edit(shuffle))
    assert keys(endpoint) == ["exports/c.csv", "exports/a.csv", "exports/b.csv"]


@pytest.mark.parametrize("element", ["ETag", "Size", "LastModified"])
def test_one_key_in_two_versions_is_refused_by_name(endpoint, standin, put, element):
    other = {"ETag": '"f00"', "Size": "9", "LastModified": "2020-01-01T00:00:00Z"}[element]
    put("a.csv")

    def add_another(text: str) -> str:
        [entry] = answers.ENTRY.findall(text)
        found = entry.replace(entry.split(f"<{element}>")[1].split("<")[0], other)
        return text.replace(entry, entry + found)

    standin.alter("list", answers.edit(add_another))
    assert "holds exports/a.csv twice, in two versions" in refusal(endpoint)


# --- names -----------------------------------------------------------------------------------------------


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


def test_names_are_read_as_they_are_where_the_store_does_not_encode_and_says_so(endpoint, standin, put):
    for name in ("a+b%41.csv", "c d.csv"):
        put(name)

    def leave_raw(text: str) -> str:
        text = text.replace("<EncodingType>url</EncodingType>", "")
        return text.replace("a%2Bb%2541", "a+b%41").replace("c+d", "c d")

    standin.alter("list", answers.edit(leave_raw))
    assert keys(endpoint) == ["exports/a+b%41.csv", "exports/c d.csv"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("exports/a%00b.csv", r"exports/a\x00b.csv"),
        ("exports/%FF.csv", r"exports/\xff.csv"),
        ("exports/%ED%A0%80.csv", r"exports/\xed\xa0\x80.csv"),
        (f"exports/{'x' * 2000}.csv", f"exports/{'x' * 892}… (2,012 characters, "),
    ],
)
def test_a_name_that_cannot_be_kept_is_shown_escaped_with_its_reason(endpoint, standin, put, raw, shown):
    put("a.csv")
    standin.alter("list", answers.add_entry(raw))
    usable, other = list_all(endpoint)
    assert usable.unnamed == ""
    assert other.key.startswith(shown)
    assert other.unnamed.startswith("its name")
    with pytest.raises(storage.AnswerUnusable):
        storage.open_bucket(endpoint).open_stream(other)


@pytest.mark.parametrize("foreign", ["other/a.csv", "Exports/a.csv", "exports%252Fa.csv", "/exports/a.csv"])
def test_names_outside_of_the_prefix_are_never_taken_for_names_within(endpoint, standin, put, foreign):
    put("a.csv")
    standin.alter("list", answers.add_entry(foreign))
    assert "do not begin with the prefix" in refusal(endpoint)


# --- what is no listing ----------------------------------------------------------------------------------


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
def test_a_page_in_place_of_the_listing_is_no_empty_bucket(endpoint, standin, html):
    standin.alter("list", answers.page(html))
    assert "it is " in refusal(endpoint)


def test_xml_that_is_none_is_no_empty_bucket(endpoint, standin, put):
    put("a.csv")
    standin.alter("list", answers.replace("a.csv", "a\x01.csv"))
    with pytest.raises(storage.StorageError):
        list_all(endpoint)


def test_an_error_with_status_200_is_that_error(endpoint, standin):
    error = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    standin.alter("list", answers.page(error))
    with pytest.raises(storage.SlowDown):
        list_all(endpoint)


@pytest.mark.parametrize("html", [answers.LOGIN_PAGE, answers.WELL_FORMED_PAGE, ""])
def test_a_page_in_place_of_credentials_is_named(endpoint, standin, html):
    standin.alter("assume", answers.page(html))
    with pytest.raises(storage.AnswerUnusable, match="AWS Security Token Service"):
        storage.open_bucket(endpoint)


# --- what is no version of the object --------------------------------------------------------------------


def read_all(endpoint):
    bucket = storage.open_bucket(endpoint)
    [obj] = list_all(endpoint)
    return bucket.open_stream(obj).read()


def test_a_weak_etag_is_compared_by_us(endpoint, standin, put):
    put("a.csv", "0123456789")
    for operation in ("list", "get"):
        standin.alter(operation, answers.make_weak)
    [obj] = list_all(endpoint)
    assert "W/" not in obj.etag
    assert read_all(endpoint) == b"0123456789"
    assert storage.open_bucket(endpoint).read_range(obj, start=3, length=4) == b"3456"
    put("a.csv", "overwritten")
    with pytest.raises(storage.ObjectChanged):
        storage.open_bucket(endpoint).open_stream(obj)


def test_a_weak_etag_that_only_a_proxy_made_so_is_the_same_version(endpoint, standin, put):
    put("a.csv", "0123456789")

    def weaken(_request, answer):
        answer.headers["ETag"] = f"W/{answer.headers['ETag']}"

    standin.alter("get", weaken)
    assert read_all(endpoint) == b"0123456789"
    assert standin.count("get") == 1


def test_a_store_that_ignores_if_match_does_not_mix_versions(endpoint, standin, put):
    put("a.csv", "first")
    [obj] = list_all(endpoint)
    put("a.csv", "other")
    ignore = standin.app.backend.answer

    def answer(request):
        request.headers.pop("if-match", None)
        return ignore(request)

    standin.app.backend.answer = answer
    with pytest.raises(storage.ObjectChanged):
        storage.open_bucket(endpoint).open_stream(obj)


def test_a_store_that_ignores_ranges_does_not_give_the_wrong_bytes(endpoint, standin, put):
    put("a.csv", "0123456789")
    [obj] = list_all(endpoint)
    answer_all = standin.app.backend.answer

    def answer(request):
        request.headers.pop("range", None)
        return answer_all(request)

    standin.app.backend.answer = answer
    with pytest.raises(storage.AnswerUnusable, match="another part of it came"):
        storage.open_bucket(endpoint).read_range(obj, start=3, length=4)


@pytest.mark.parametrize("html", [answers.LOGIN_PAGE, answers.WELL_FORMED_PAGE])
def test_a_page_in_place_of_an_object_is_named(endpoint, standin, put, html):
    put("a.csv", "0123456789")
    standin.alter("get", answers.page(html))
    with pytest.raises(storage.AnswerUnusable, match=r"exports/a\.csv was asked for.*no ETag.*text/html"):
        read_all(endpoint)


def test_an_object_of_another_length_than_listed_is_named(endpoint, standin, put):
    put("a.csv", "0123456789")
    standin.alter("list", answers.replace("<Size>10<", "<Size>7<"))
    with pytest.raises(storage.AnswerUnusable, match="10 bytes came instead of 7"):
        read_all(endpoint)
