from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard import steps
from telemetry.wizard.services import create_from_draft
from tests.markup import squeeze
from tests.wizard.conftest import make_member, sign_in
from tests.wizard.walk import ORDER, Walk, errors_of, text_of


def test_a_second_tab_cannot_overwrite_what_it_has_not_seen(walk):
    walk.to("dimensions")
    seen = walk.draft.version
    walk.post("dimensions", dimensions=["company"])
    answer = walk.post("dimensions", version=seen, dimensions=["sector"])
    assert answer.status_code == 200
    assert "changed in another tab" in errors_of(answer)["__all__"][0]
    assert walk.draft.answers["dimensions"] == {"dimensions": ["company"]}


def test_what_the_second_tab_chose_stays_on_its_page_and_continues_at_the_second_try(walk):
    walk.to("dimensions")
    seen = walk.draft.version
    walk.post("dimensions", dimensions=["company"])
    page = squeeze(walk.post("dimensions", version=seen, dimensions=["sector"]))
    assert f'name="version" value="{walk.draft.version}"' in page
    assert 'value="sector" id="id_dimensions_1" aria-describedby="about_dimension_1" checked' in page


def test_a_tab_on_a_step_that_another_tab_locked_is_led_to_the_first_incomplete_one(walk):
    walk.to("review")
    walk.post("dimensions", dimensions=["company", "mentions"])
    answer = walk.post("review", version=1)
    assert (answer.status_code, answer.url) == (302, walk.url("metric"))


def test_continuing_twice_is_no_second_change(walk):
    seen = walk.draft.version
    for _ in range(2):
        assert walk.post("source", version=seen).url == walk.url("preview")
    assert walk.draft.version == seen + 1


def test_a_review_that_is_out_of_date_creates_nothing(walk):
    walk.to("review")
    seen = walk.draft.version
    walk.post("date", date_format="yyyy-M-d")
    assert "changed in another tab" in errors_of(walk.post("review", version=seen))["__all__"][0]
    assert not Telemetry.objects.exists()


@pytest.mark.parametrize("version", ["", "x", "-1", "٣", "9" * 30])
def test_a_version_that_is_none_creates_nothing(walk, version):
    walk.to("review")
    answer = walk.client.post(walk.url("review"), {"overlap": "newest", "version": version})
    assert answer.status_code == 200
    assert not Telemetry.objects.exists()


def test_a_second_click_on_create_lands_on_the_same_telemetry(walk):
    walk.to("review")
    seen = walk.draft.version
    first, second = walk.post("review", version=seen), walk.post("review", version=seen)
    assert first.url == second.url == reverse("telemetry:detail", args=[Telemetry.objects.get().public_id])


def test_a_second_click_that_meets_what_the_first_has_just_made_lands_there_too(walk, monkeypatch):
    """The draft was read before the first click ended; its problems are looked for afterwards."""
    walk.to("review")
    find_problems = steps.find_problems

    def find_after_the_first(*, state):
        monkeypatch.undo()
        walk.post("review")
        return find_problems(state=state)

    monkeypatch.setattr(steps, "find_problems", find_after_the_first)
    second = walk.post("review")
    assert second.url == reverse("telemetry:detail", args=[Telemetry.objects.get().public_id])


def test_every_step_of_a_used_up_draft_leads_to_its_telemetry(walk):
    walk.to("review").post("review")
    detail = reverse("telemetry:detail", args=[Telemetry.objects.get().public_id])
    for step in ORDER:
        assert walk.get(step).url == walk.post(step).url == detail


@pytest.mark.django_db(transaction=True)
def test_two_creations_at_once_make_one_telemetry(client, s3_endpoint, days):
    walk = Walk(client, s3_endpoint).to("review")
    draft, start, made = walk.draft, threading.Barrier(2), []

    def create() -> None:
        try:
            start.wait()
            made.append(
                create_from_draft(draft=draft, version=draft.version, overlap="newest", now=timezone.now())
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(is_new for _, is_new in made) == [False, True]
    assert made[0][0] == made[1][0] == Telemetry.objects.get()


def test_nothing_is_left_when_the_creation_fails(walk, client, s3_endpoint, monkeypatch):
    walk.to("review")
    monkeypatch.setattr("telemetry.wizard.steps.find_problems", lambda **_: [])
    Walk(client, s3_endpoint).to("review").post("review")
    answer = walk.post("review")
    assert "telemetry with this identifier exists already" in text_of(answer)
    assert (Telemetry.objects.count(), walk.draft.telemetry) == (1, None)


def requests_to(walk: Walk):
    yield from (walk.url(step) for step in ORDER)
    yield reverse("telemetry:draft", args=[walk.draft_id])
    yield reverse("telemetry:discard_draft", args=[walk.draft_id])


def test_a_draft_of_somebody_else_does_not_exist(walk, s3_account):
    colleague = sign_in(make_member(s3_account, "cleo@acme.example"))
    other = Account.objects.create(name="Other", slug="other", s3_csv_telemetry=True)
    stranger = sign_in(make_member(other, "otto@other.example", role="admin"))
    for who in (colleague, stranger):
        for url in requests_to(walk):
            answer = who.post(url)
            assert answer.status_code in (404, 405)
            assert who.get(url).status_code in (404, 405)
    assert TelemetryDraft.objects.exists()


def test_ones_own_draft_in_another_account_does_not_exist(walk, manager):
    other = Account.objects.create(name="Aaa", slug="aaa", s3_csv_telemetry=True)
    manager.memberships.create(account=other, role="manager")
    session = walk.client.session
    session["account"] = "aaa"
    session.save()
    assert walk.get("source").status_code == 404


def test_a_viewer_may_not_open_the_wizard(walk, s3_account):
    viewer = sign_in(make_member(s3_account, "vera@acme.example", role="viewer"))
    for url in [reverse("telemetry:add"), *requests_to(walk)]:
        for method in (viewer.get, viewer.post):
            assert method(url).status_code in (403, 405)
    assert TelemetryDraft.objects.count() == 1


def test_an_account_without_the_beta_sees_how_to_ask_for_it(walk, s3_account):
    Account.objects.update(s3_csv_telemetry=False)
    assert "not enabled" in text_of(walk.get("source"))
    assert walk.post("source").status_code == 403


def test_unfinished_drafts_are_listed_to_resume_or_discard(walk, client, s3_endpoint):
    walk.to("date")
    page = client.get(reverse("telemetry:add"))
    assert "Continue with Mentions Date, changed" in text_of(page)
    resume = reverse("telemetry:draft", args=[walk.draft_id])
    assert resume in squeeze(page)
    assert client.get(resume).url == walk.url("date")
    assert client.post(reverse("telemetry:discard_draft", args=[walk.draft_id])).status_code == 302
    assert not TelemetryDraft.objects.exists()


def test_a_used_up_draft_is_neither_listed_nor_discarded(walk, client):
    walk.to("review").post("review")
    assert walk.draft_id not in squeeze(client.get(reverse("telemetry:add")))
    client.post(reverse("telemetry:discard_draft", args=[walk.draft_id]))
    assert Telemetry.objects.exists()
    assert walk.draft.telemetry is not None


def test_an_unknown_step_does_not_exist(walk):
    assert walk.client.get(f"{walk.url('source')[:-7]}nonsense/").status_code == 404
