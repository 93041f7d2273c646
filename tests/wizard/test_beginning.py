"""A draft begins with the first valid input, keeps it, and can be closed at every step."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.services import start_draft
from tests.markup import squeeze
from tests.wizard.conftest import make_member
from tests.wizard.walk import ORDER, text_of

ADD, LIST = reverse("telemetry:add"), reverse("telemetry:list")


@pytest.fixture
def fields(s3_endpoint, days) -> dict[str, str]:
    """What a person gives the first step."""
    return {"endpoint": str(s3_endpoint.public_id), "prefix": "mentions/", "name": "Mentions", "version": "1"}


def draft_id(page) -> str:
    return re.search(r'name="draft" value="([^"]+)"', squeeze(page))[1]


def test_the_first_page_is_the_first_step_and_begins_nothing(client, fields):
    page = client.get(ADD)
    assert "<h1>Step 1 of 6: Source</h1>" in squeeze(page)
    assert f'href="{LIST}">Back</a>' in squeeze(page)
    part = squeeze(client.get(ADD, fields, headers={"HX-Request": "true"}))
    assert "5 files</strong> match" in part
    assert "<html" not in part
    client.post(ADD, {**fields, "show": "files"})
    client.post(ADD, {"endpoint": fields["endpoint"], "name": " ", "prefix": "nothing/"})
    assert not TelemetryDraft.objects.exists()


def test_a_passed_first_step_begins_a_draft_and_a_second_click_no_second_one(client, fields):
    fields["draft"] = draft_id(client.get(ADD))
    first, second = client.post(ADD, fields), client.post(ADD, fields)
    assert first.url == second.url == reverse("telemetry:step", args=[fields["draft"], "preview"])
    assert TelemetryDraft.objects.get().answers == {
        "source": {name: fields[name] for name in ("endpoint", "prefix", "name")}
    }


def test_a_typed_name_is_kept_when_the_step_fails(client, fields):
    fields |= {"draft": draft_id(client.get(ADD)), "prefix": "mentionz/"}
    page = client.post(ADD, fields)
    assert "No file in bucket" in text_of(page)
    draft = TelemetryDraft.objects.get()
    assert (draft.name, str(draft.public_id)) == ("Mentions", fields["draft"])
    client.post(ADD, {**fields, "version": draft.version})  # loaded again
    assert TelemetryDraft.objects.count() == 1
    resumed = squeeze(client.get(reverse("telemetry:draft", args=[draft.public_id]), follow=True))
    assert 'value="Mentions"' in resumed
    assert 'value="mentionz/"' in resumed
    draft.refresh_from_db()
    passed = client.post(ADD, {**fields, "prefix": "mentions/", "version": draft.version})
    assert passed.url == reverse("telemetry:step", args=[draft.public_id, "preview"])
    assert set(TelemetryDraft.objects.get().answers) == {"source"}


def test_the_id_of_anothers_draft_begins_ones_own(client, fields, s3_account):
    other = start_draft(
        account=s3_account, user=make_member(s3_account, "c@acme.example"), now=timezone.now()
    )
    for taken in (str(other.public_id), str(uuid4()), "nonsense"):
        answer = client.post(ADD, {**fields, "draft": taken})
        assert answer.status_code == 302
        assert str(other.public_id) not in answer.url
    other.refresh_from_db()
    assert other.answers == {}


def test_a_name_is_shown_again_after_its_endpoint_was_deleted(walk, s3_endpoint):
    walk.to("date")
    TelemetryDraft.objects.update(
        answers={"source": {**walk.draft.answers["source"], "endpoint": str(uuid4())}}
    )
    assert 'value="Mentions"' in squeeze(walk.get("source"))


def test_three_drafts_are_shown_and_the_others_on_opening(client, fields, s3_account, manager):
    for number in range(5):
        answers = {"typed": {"name": f"Number {number}"}}
        start_draft(account=s3_account, user=manager, now=timezone.now(), answers=answers)
    for url in (LIST, ADD):
        shown, _, more = squeeze(client.get(url)).partition('<details class="drafts-more">')
        assert shown.count("Continue with Number") == more.count("Continue with Number") + 1 == 3
        assert "Continue with Number 4" in shown
        assert "<summary>2 more</summary>" in more
        assert shown.count("Discard<") == 3
    draft = TelemetryDraft.objects.first()
    discard = reverse("telemetry:discard_draft", args=[draft.public_id])
    assert client.post(discard, {"list": "yes"}).url == LIST
    assert TelemetryDraft.objects.count() == 4


class TestSaveAndClose:
    """Every step can be left with what it was given."""

    @pytest.mark.parametrize("step", ORDER)
    def test_an_answer_is_saved_and_the_telemetries_are_shown(self, walk, step):
        walk.to(step)
        answer = walk.post(step, close="yes")
        assert answer.url == LIST
        assert "Mentions was saved. Continue with it from this page." in text_of(walk.client.get(LIST))
        assert (step in walk.draft.answers) == (step != "preview")  # leaving confirms no rows
        assert not Telemetry.objects.exists()

    def test_what_was_chosen_at_the_review_is_there_again(self, walk):
        walk.to("review").post("review", close="yes", overlap="add", max_rejected_percent="2.50")
        page = squeeze(walk.get("review"))
        assert 'value="add" id="id_overlap_1" aria-describedby="about_overlap_1" checked' in page
        assert 'value="2.50"' in page

    def test_an_empty_step_is_left_without_a_word(self, client, fields, walk):
        TelemetryDraft.objects.all().delete()
        left = client.post(ADD, {"endpoint": fields["endpoint"], "name": "", "prefix": "", "close": "yes"})
        assert left.url == LIST
        assert not TelemetryDraft.objects.exists()

    def test_a_name_alone_is_enough_to_close(self, client, fields):
        assert client.post(ADD, {**fields, "prefix": "", "close": "yes"}).url == LIST
        assert TelemetryDraft.objects.get().name == "Mentions"

    def test_an_answer_that_is_wrong_is_not_lost_in_silence(self, walk):
        walk.to("metric")
        page = walk.post("metric", metric_column="sector", close="yes")
        assert "sampled values of sector cannot be used" in text_of(page)

    def test_a_step_whose_sample_cannot_be_read_can_be_left(self, walk, days):
        walk.to("date")
        days.fail("list", "deny")
        days.fail("get", "deny")
        cache.clear()
        assert "Save and close" in text_of(walk.get("date"))
        assert walk.post("date", close="yes").url == LIST
        days.clear_faults()


@pytest.mark.parametrize("step", ORDER)
def test_every_step_names_the_telemetry_and_its_files(walk, step):
    page = text_of(walk.to("review").get(step))
    assert "Mentions s3://acme-exports/mentions/" in page
    assert "Sampled: mentions/2026-03-12.csv , mentions/2026-03-11.csv , mentions/2026-03-10.csv" in page


def test_columns_of_numbers_are_no_dimensions_until_one_opens_them(walk, days):
    shown, _, numbers = text_of(walk.to("dimensions").get("dimensions")).partition("Columns of numbers: ")
    assert "company" in shown
    assert "date" not in shown.partition("Dimensions optional")[2]
    assert numbers.startswith("mentions")
    walk.post("dimensions", dimensions=["mentions"])
    page = text_of(walk.get("dimensions"))
    assert "Columns of numbers" not in page  # chosen: among the others


def test_a_sole_metric_is_preselected(walk):
    walk.to("metric")
    page = squeeze(walk.get("metric"))
    assert page.count(" checked") == 1
    assert "identifier will be <strong>mentions</strong>" in page
