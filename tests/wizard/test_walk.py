from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from telemetry.models import Telemetry
from tests.wizard.walk import ORDER, errors_of, text_of


def notes(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_six_forms_make_a_telemetry_that_is_active_at_once(walk, manager, s3_endpoint):
    walk.to("review")
    answer = walk.post("review")
    telemetry = Telemetry.objects.get()
    assert answer.status_code == 302
    assert answer.url == reverse("telemetry:detail", args=[telemetry.public_id])
    assert notes(answer) == ["Mentions was created. First sync at 02:00 UTC, or choose Sync now."]
    assert (telemetry.identifier, telemetry.status, telemetry.overlap) == ("mentions", "active", "newest")
    assert (telemetry.endpoint, telemetry.prefix, telemetry.name) == (s3_endpoint, "mentions/", "Mentions")
    assert (telemetry.date_column, telemetry.date_format) == ("date", "yyyy-MM-dd")
    assert [dimension.column for dimension in telemetry.dimensions.all()] == ["company"]
    assert telemetry.created_by == manager


def test_every_step_leads_to_the_next_and_names_itself(walk):
    for number, step in enumerate(ORDER, 1):
        page = walk.get(step)
        assert page.status_code == 200
        assert (
            f"<title>Step {number} of 6: {step.capitalize()} – Denominator</title>" in page.content.decode()
        )
        if step != "review":
            assert walk.post(step).url == walk.url(ORDER[number])


def test_back_is_a_link_to_the_step_before(walk):
    walk.to("metric")
    assert f'href="{walk.url("dimensions")}">Back</a>' in walk.get("metric").content.decode()
    assert f'href="{reverse("telemetry:list")}">Back</a>' in walk.get("source").content.decode()


def test_a_step_shows_its_saved_answer_again(walk):
    walk.to("review")
    assert 'value="mentions/"' in walk.get("source").content.decode()
    assert '<option value="yyyy-MM-dd" selected>' in walk.get("date").content.decode()
    assert walk.get("dimensions").content.decode().count(" checked") == 1
    assert walk.get("metric").content.decode().count(" checked") == 1


@pytest.mark.parametrize("locked", ORDER[2:])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_locked_step_leads_to_the_first_incomplete_one(walk, locked, method):
    walk.to("preview")
    answer = walk.get(locked) if method == "get" else walk.post(locked)
    assert (answer.status_code, answer.url) == (302, walk.url("preview"))


def test_looking_at_a_step_writes_nothing(walk):
    walk.to("review")
    before = (walk.draft.answers, walk.draft.sampled, walk.draft.version, walk.draft.updated_at)
    for step in ORDER:
        walk.get(step)
    assert (walk.draft.answers, walk.draft.sampled, walk.draft.version, walk.draft.updated_at) == before


def test_a_change_from_the_review_leads_back_to_it(walk):
    walk.to("review")
    page = walk.get("date", "?return=review").content.decode()
    assert f'href="{walk.url("review")}">Back</a>' in page
    answer = walk.post("date", "?return=review", date_format="yyyy-M-d")
    assert (answer.url, notes(answer)) == (walk.url("review"), [])


def test_a_change_that_voids_later_answers_names_them_and_leads_to_the_first(walk):
    walk.to("review")
    answer = walk.post("dimensions", "?return=review", dimensions=["company", "mentions"])
    assert answer.url == walk.url("metric") + "?return=review"
    assert notes(answer) == ["Your change to Dimensions affects later steps. Answer again: Metric."]
    assert set(walk.draft.answers) == {"source", "preview", "date", "dimensions"}


def test_another_prefix_voids_what_was_answered_about_the_files(walk, days):
    walk.to("review")
    days.put_object("acme-exports", "other/a.csv", "day,n\n2026-03-01,4\n")
    answer = walk.post("source", prefix="other/")
    assert notes(answer) == [
        "Your change to Source affects later steps. Answer again: Preview, Date, Dimensions, Metric."
    ]
    assert (set(walk.draft.answers), walk.draft.sampled) == ({"source"}, [])


def test_the_review_shows_every_answer_with_a_way_to_change_it(walk):
    page = text_of(walk.to("review").get("review"))
    for shown in ("Exports", "s3://acme-exports/mentions/", "Mentions", "yyyy-MM-dd", "company", "mentions"):
        assert shown in page
    assert re.findall("Change (source|date|dimensions|metric)", page) == [
        "source",
        "date",
        "dimensions",
        "metric",
    ]
    assert "All 9 sampled rows would be accepted." in page


def test_the_review_counts_sampled_rows_that_would_be_rejected(walk, days):
    body = "date,company,sector,mentions\n2026-03-13,Apple,technology,1\n2026-03-13,Apple\n"
    days.put_object("acme-exports", "mentions/2026-03-13.csv", body)
    page = text_of(walk.to("review").get("review"))
    assert "1 of 8 sampled rows would be rejected, because:" in page
    assert "the row has more or fewer cells than the header (1)" in page


def test_the_overlap_rule_is_taken_from_the_review(walk):
    walk.to("review").post("review", overlap="add")
    assert Telemetry.objects.get().overlap == "add"


def test_the_review_says_how_many_rows_may_be_rejected_and_takes_another_share(walk):
    page = text_of(walk.to("review").get("review"))
    assert "Rejected rows never fail a file." in page
    refused = walk.post("review", max_rejected_percent="101")
    assert "enter a share from 0 to 100" in text_of(refused)
    assert '<details class="wizard-details" open>' in refused.content.decode()
    walk.post("review", max_rejected_percent="2.5")
    telemetry = Telemetry.objects.get()
    assert telemetry.max_rejected_percent == Decimal("2.5")
    assert "2.5 % of a file" in text_of(
        walk.client.get(f"/settings/telemetry/{telemetry.public_id}/configuration/")
    )


def test_a_telemetry_needs_no_dimension(walk):
    walk.answers["dimensions"] = {"dimensions": []}
    walk.to("review").post("review")
    assert not Telemetry.objects.get().dimensions.exists()


def test_what_became_wrong_since_is_said_before_creation(walk, days, s3_endpoint):
    walk.to("review")
    for day in range(8, 13):
        days.delete_object("acme-exports", f"mentions/2026-03-{day:02}.csv")
    answer = walk.post("review")
    assert not Telemetry.objects.exists()
    [message] = errors_of(answer)["__all__"]
    assert "No file in bucket acme-exports has a key that begins with mentions/." in message
    assert walk.url("source") in message


def test_an_identifier_taken_in_the_meantime_is_said_before_creation(walk, client, s3_endpoint):
    walk.to("review")
    other = type(walk)(client, s3_endpoint)
    other.to("review").post("review")
    answer = walk.post("review")
    assert Telemetry.objects.count() == 1
    assert "mentions is already the identifier of the telemetry Mentions." in text_of(answer)


def test_a_draft_whose_endpoint_was_deleted_starts_again_at_its_source(walk, s3_endpoint):
    walk.to("review")
    s3_endpoint.delete()
    for method in (walk.get, walk.post):
        assert method("review").url == walk.url("source")
    assert not Telemetry.objects.exists()
