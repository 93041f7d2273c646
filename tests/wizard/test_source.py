from __future__ import annotations

import pytest
from django.urls import reverse

from endpoints.models import S3Endpoint
from tests.markup import squeeze
from tests.standin import BUCKET, make_endpoint
from tests.wizard.walk import errors_of, text_of


def test_the_page_shows_the_whole_prefix_and_what_matches(walk, days):
    days.put_object(BUCKET, "mentions/readme.txt", "x")
    days.put_object(BUCKET, "mentions/_tmp.csv", "x")
    walk.to("preview")
    page = text_of(walk.get("source"))
    assert "s3://acme-exports/mentions/" in page
    assert "7 files match: 5 CSV files, and ignored:" in page
    assert "1 because its name does not end in .csv or .csv.gz" in page
    assert "mentions/2026-03-12.csv" in page
    assert "mentions/2026-03-09.csv" not in page  # three newest are enough


def test_a_prefix_is_joined_to_the_endpoints_own(walk, days, s3_endpoint):
    S3Endpoint.objects.update(path_prefix="mentions")
    page = text_of(walk.get("source", f"?endpoint={s3_endpoint.public_id}&prefix=/2026-03-1"))
    assert "s3://acme-exports/mentions/2026-03-1 " in page
    assert "3 files match" in page


def test_without_javascript_a_button_shows_the_files_and_keeps_what_was_typed(walk):
    answer = walk.client.post(
        walk.url("source"), {**walk.answers["source"], "prefix": "mentions/2026-03-1", "show": "files"}
    )
    assert answer.status_code == 200
    assert "3 files match" in text_of(answer)
    assert 'value="Mentions"' in squeeze(answer)
    assert "source" not in walk.draft.answers


def test_htmx_gets_the_matching_files_alone(walk, s3_endpoint):
    query = f"?endpoint={s3_endpoint.public_id}&prefix=mentions/"
    part = squeeze(walk.get("source", query, **{"HX-Request": "true"}))
    assert "5 files</strong> match" in part
    assert "<html" not in part


@pytest.mark.parametrize(
    "query", ["?endpoint=nonsense&prefix=a", "?endpoint=&prefix=a", "?endpoint=&prefix="]
)
def test_while_something_is_missing_no_file_is_looked_for(walk, days, query):
    page = walk.get("source", query, **{"HX-Request": "true"})
    assert page.status_code == 200
    assert days.count("list") == 0


def test_counting_stops_at_ten_thousand_files(walk, monkeypatch):
    monkeypatch.setattr("telemetry.wizard.listing.MOST_KEYS", 4)
    monkeypatch.setattr("endpoints.storage.KEYS_A_PAGE", 2)
    walk.to("preview")
    assert "More than 4 files match. Of the first 4, 4 CSV files" in text_of(walk.get("source"))


def test_each_question_says_what_to_enter(walk):
    answer = walk.post("source", endpoint="", prefix=" / ", name=" ")
    assert errors_of(answer) == {
        "endpoint": ["Choose an S3 endpoint."],
        "prefix": ["Enter the prefix of your CSV files, for example usage/daily/"],
        "name": ["Enter a telemetry name, for example API requests."],
    }
    assert "<title>Error: Step 1 of 6: Source" in squeeze(answer)
    assert '<a href="#id_prefix">' in squeeze(answer)


def test_a_prefix_without_files_is_refused_at_the_prefix(walk):
    [message] = errors_of(walk.post("source", prefix="mentionz/"))["prefix"]
    assert message.startswith("No file in bucket acme-exports has a key that begins with mentionz/.")
    assert "source" not in walk.draft.answers


def test_a_prefix_without_csv_files_is_refused_at_the_prefix(walk, days):
    days.put_object(BUCKET, "logs/a.json", "{}")
    [message] = errors_of(walk.post("source", prefix="logs/"))["prefix"]
    assert message.startswith("1 file matches; none is a usable CSV.")
    days.put_object(BUCKET, "logs/b.csv", "")
    [message] = errors_of(walk.post("source", prefix="logs/"))["prefix"]
    assert "2 files match; none is a usable CSV. Ignored under logs/: 1 because" in message
    assert "1 because it is empty (0 bytes)" in message


@pytest.mark.parametrize(
    ("typed", "key", "correction"),
    [
        ("/mentions/", None, "enter mentions/, without the slash at its beginning."),
        ("report/", "/report/a.csv", "enter /report/, with the slash at its beginning."),
        ("/", None, "enter a prefix, without the slash at its beginning."),
        ("//report/", "report/a.csv", "enter report/, without the slash at its beginning."),
    ],
)
def test_a_slash_too_much_or_too_few_is_said_at_the_prefix(walk, days, typed, key, correction):
    if key:
        days.put_object(BUCKET, key, "date,n\n2026-03-01,1\n")
    [message] = errors_of(walk.post("source", prefix=typed))["prefix"]
    assert message.startswith(f"No file in bucket acme-exports has a key that begins with {typed}.")
    assert message.endswith(correction)
    assert correction in text_of(
        walk.get("source", f"?endpoint={walk.answers['source']['endpoint']}&prefix={typed}")
    )


def test_keys_that_begin_with_a_slash_are_found_and_kept_so(walk, days):
    days.put_object(BUCKET, "/report/a.csv", "date,n\n2026-03-01,1\n")
    assert walk.post("source", prefix="/report/").status_code == 302
    assert walk.draft.answers["source"]["prefix"] == "/report/"
    assert "s3://acme-exports//report/" in text_of(walk.get("source"))


@pytest.mark.parametrize(
    ("path_prefix", "key", "corrected"),
    [
        ("cur", "/cur/report/a.csv", "/cur, with the slash"),
        ("/cur", "cur/report/a.csv", "cur, without the slash"),
        ("/", "report/a.csv", "empty, without the slash"),
    ],
)
def test_a_slash_amiss_in_the_endpoints_path_prefix_is_said_to_be_there(
    walk, days, path_prefix, key, corrected
):
    days.put_object(BUCKET, key, "date,n\n2026-03-01,1\n")
    S3Endpoint.objects.update(path_prefix=path_prefix)
    [message] = errors_of(walk.post("source", prefix="report/"))["prefix"]
    assert f"Keys that begin with {key.removesuffix('a.csv')} are there" in message
    assert f"the endpoint's S3 Path Prefix would be {corrected}" in message


def test_a_slash_alone_is_no_prefix_below_a_path_prefix(walk):
    S3Endpoint.objects.update(path_prefix="mentions")
    [message] = errors_of(walk.post("source", prefix="/"))["prefix"]
    assert message == "Enter the prefix of your CSV files, for example usage/daily/"


def test_archived_files_are_shown_as_ignored_with_their_class(walk, days):
    days.change_object(BUCKET, "mentions/2026-03-12.csv", storage_class="DEEP_ARCHIVE")
    walk.to("preview")
    page = text_of(walk.get("source"))
    assert "4 CSV files, and ignored: 1 because it is archived (storage class DEEP_ARCHIVE)" in page
    assert "mentions/2026-03-12.csv" not in page
    assert walk.get("preview").status_code == 200
    days.change_object(BUCKET, "mentions/2026-03-12.csv", restore="done")
    assert "5 CSV files, none ignored" in text_of(walk.get("source"))


def test_a_bucket_whose_requester_pays_is_said_at_the_endpoint(walk, days):
    days.app.requester_pays.add(BUCKET)
    [message] = errors_of(walk.post("source"))["endpoint"]
    assert "is set to Requester Pays" in message


@pytest.mark.parametrize(
    ("break_it", "field", "words"),
    [
        (lambda s: s.fail("assume", "deny"), "endpoint", "cannot be assumed"),
        (lambda s: s.fail("list", "deny"), "prefix", "may not list"),
        (lambda s: s.fail("list", "slow_down"), "endpoint", "asks for fewer requests"),
        (lambda s: s.fail("list", "server_error"), "endpoint", "has a failure of its own"),
        (lambda s: s.stop(), "endpoint", "could not be reached"),
    ],
)
def test_what_storage_refuses_is_said_at_the_field_with_the_remedy(walk, days, break_it, field, words):
    break_it(days)
    [message] = errors_of(walk.post("source"))[field]
    assert words in message
    days.clear_faults()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bucket": "no-such-bucket"}, "There is no bucket no-such-bucket."),
        ({"region": "eu-west-2"}, "is in region eu-west-1"),
    ],
)
def test_a_wrong_bucket_or_region_is_said_at_the_endpoint(walk, days, s3_endpoint, change, words):
    S3Endpoint.objects.update(**change)
    days.add_role(
        s3_endpoint.role_arn, external_id=s3_endpoint.external_id, bucket=change.get("bucket", BUCKET)
    )
    [message] = errors_of(walk.post("source"))["endpoint"]
    assert words in message


def test_another_accounts_endpoint_is_no_choice(walk, s3_account):
    other = type(s3_account).objects.create(name="Other", slug="other", s3_csv_telemetry=True)
    foreign = make_endpoint(other, name="Secret")
    foreign.save()
    answer = walk.post("source", endpoint=str(foreign.public_id))
    assert errors_of(answer) == {"endpoint": ["Choose an S3 endpoint."]}
    assert "Secret" not in text_of(answer)


def test_without_an_endpoint_the_way_to_one_is_shown_to_those_who_may(client, s3_account, manager):
    page = client.get(reverse("telemetry:add"))
    assert "An administrator of the account can add one." in text_of(page)
    manager.memberships.update(role="admin")
    assert f'href="{reverse("endpoints:add")}"' in squeeze(client.get(reverse("telemetry:add")))
