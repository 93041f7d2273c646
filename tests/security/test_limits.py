"""What one person or one account can ask of us, and of somebody's AWS, is bounded, and the answer says so."""

from __future__ import annotations

import importlib
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django import forms
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Membership
from core.slots import LimitReached, Slot, acquire_slot, hold_slot
from endpoints.models import S3Endpoint
from endpoints.services import create_endpoint
from endpoints.testing import begin_test
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.services import TooManyDrafts, start_draft
from tests.pages.rows import make_member, make_telemetry
from tests.security.queries import OURS, ROOT
from tests.standin import BUCKET, REGION
from tests.wizard.walk import text_of

MEBIBYTE = 1024 * 1024
CONNECTION = {"role_arn": "arn:aws:iam::123456789012:role/R", "bucket": BUCKET, "region": REGION}


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def admin(s3_account: Account) -> Client:
    client = Client()
    client.force_login(make_member(s3_account, "admin"))
    return client


@pytest.fixture
def telemetry(s3_endpoint: S3Endpoint) -> Telemetry:
    return make_telemetry(s3_endpoint.account, endpoint=s3_endpoint)


class TestRequests:
    @pytest.fixture
    def url(self, telemetry: Telemetry) -> str:
        return reverse("telemetry:edit", args=[telemetry.public_id])

    def assert_too_much(self, answer) -> None:
        assert answer.status_code == 413
        assert "Request too large" in text_of(answer)
        assert "1.0 MB long, have 2,100 fields and no files" in text_of(answer).replace("\xa0", " ")
        assert "nothing was changed" in text_of(answer)
        assert Telemetry.objects.get().name == "requests a day"

    def test_a_name_of_ten_megabytes(self, admin, url):
        self.assert_too_much(admin.post(url, {"name": "x" * 10 * MEBIBYTE}))

    def test_a_file_where_no_form_takes_one(self, admin, url):
        small = SimpleUploadedFile("x.csv", b"x")
        large = SimpleUploadedFile("x.csv", b"x" * 2 * MEBIBYTE)
        self.assert_too_much(admin.post(url, {"name": "y", "file": small}))
        self.assert_too_much(admin.post(url, {"name": "y", "file": large}))

    def test_more_fields_than_the_longest_form_has(self, admin, url):
        self.assert_too_much(admin.post(url, {"name": "y", **{f"f{number}": "" for number in range(2_100)}}))

    def test_a_long_body_before_signing_in(self, db):
        answer = Client().post(reverse("accounts:login"), {"username": "x" * 2 * MEBIBYTE})
        assert answer.status_code == 413

    def test_a_body_of_a_length_that_is_none(self, admin, url):
        for length in ("", "-1", "x", "99999999999999999999999"):
            answer = admin.post(url, {"name": "y"}, CONTENT_LENGTH=length)
            assert answer.status_code in {200, 400, 413}
        assert Telemetry.objects.get().name == "requests a day"

    def test_a_name_that_is_longer_than_its_field_is_said_at_the_field(self, admin, url):
        answer = admin.post(url, {"name": "x" * 100_000})
        assert answer.status_code == 200
        assert "at most 200 characters (it has 100000)" in text_of(answer)

    def test_a_request_that_is_no_form_of_ours_is_refused_in_words(self, admin):
        answer = admin.get("/", headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert "Something in the address or the form" in text_of(answer)


def list_forms() -> list[type[forms.BaseForm]]:
    """Every form of the product, once its modules are imported."""
    for app in OURS:
        for path in (ROOT / app).rglob("forms*/**/*.py"):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        if (ROOT / app / "forms.py").exists():
            importlib.import_module(f"{app}.forms")
    found, waiting = [], [forms.Form]
    while waiting:
        children = waiting.pop().__subclasses__()
        waiting += children
        found += [child for child in children if child.__module__.split(".")[0] in OURS]
    return found


def test_every_text_field_has_a_greatest_length():
    """But passwords, which are hashed, and searches, of which `split_search` takes the beginning."""
    assert len(list_forms()) > 10
    unbounded = [
        f"{form.__name__}.{name}"
        for form in list_forms()
        if form.__module__ != "config.style"
        for name, field in form.base_fields.items()
        if type(field) in {forms.CharField, forms.EmailField, forms.SlugField, forms.URLField}
        and field.max_length is None
        and not isinstance(field.widget, forms.PasswordInput)
        and name != "search"
    ]
    assert unbounded == []


class TestSearches:
    @pytest.mark.parametrize("text", ["a " * 2_000, "\1", "ä" * 5_000, "%" * 200, "' OR 1=1 --"])
    def test_a_search_is_answered_whatever_is_searched_for(self, admin, telemetry, text):
        files = reverse("ingestion:files", args=[telemetry.public_id])
        for url in (reverse("endpoints:list"), reverse("telemetry:list"), files):
            assert admin.get(url, {"search": text}).status_code == 200


class TestDrafts:
    def test_a_person_keeps_so_many_and_is_told_how_to_go_on(self, admin, s3_endpoint, settings):
        settings.MAX_UNFINISHED_DRAFTS = 2
        for _ in range(2):
            assert admin.post(reverse("telemetry:add"), {"name": "Requests"}).status_code == 200
        answer = admin.post(reverse("telemetry:add"), {"name": "Requests"})

        assert answer.status_code == 409
        assert "You have 2 unfinished telemetries in this account" in text_of(answer)
        assert "Finish or discard one of them below" in text_of(answer)
        assert TelemetryDraft.objects.count() == 2
        draft = TelemetryDraft.objects.first()
        admin.post(reverse("telemetry:discard_draft", args=[draft.public_id]))
        assert admin.post(reverse("telemetry:add"), {"name": "Requests"}).status_code == 200
        assert TelemetryDraft.objects.count() == 2

    def test_a_colleague_and_another_account_have_their_own(self, s3_account, settings):
        settings.MAX_UNFINISHED_DRAFTS = 1
        other = Account.objects.create(name="Other", slug="other")
        one, two = (make_member(s3_account, role) for role in ("admin", "manager"))
        Membership.objects.create(account=other, user=one, role="admin")
        for account, user in ((s3_account, one), (s3_account, two), (other, one)):
            start_draft(account=account, user=user, now=timezone.now())
        with pytest.raises(TooManyDrafts):
            start_draft(account=s3_account, user=one, now=timezone.now())


class TestTests:
    @pytest.fixture(autouse=True)
    def one_at_once(self, settings) -> None:
        settings.TESTS_AT_ONCE = 1

    def test_of_a_saved_endpoint(self, admin, s3_endpoint, standin):
        url = reverse("endpoints:test", args=[s3_endpoint.public_id])
        with hold_slot("test", account_id=s3_endpoint.account_id, most=1, seconds=60):
            answer = admin.post(url, follow=True)
        assert "No more than 1 of this account's endpoints can be tested at the same time" in text_of(answer)
        assert standin.count("assume") == 0
        admin.post(url)
        assert standin.count("assume") > 0  # the place was given back

    def test_of_one_that_is_not_added_yet(self, admin, s3_account, standin):
        external_id = admin.get(reverse("endpoints:add")).context["external_id"]
        sent = {**CONNECTION, "source": "s3", "access": "read_only", "action": "test"}
        with hold_slot("test", account_id=s3_account.pk, most=1, seconds=60):
            answer = admin.post(reverse("endpoints:add"), {**sent, "shown_external_id": external_id})
        assert answer.status_code == 429
        assert "Try again when one of the tests is done" in text_of(answer)
        assert standin.count("assume") == 0

    def test_check_by_check(self, admin, s3_endpoint, standin):
        began = begin_test(endpoint=s3_endpoint)
        url = reverse("endpoints:check", args=[s3_endpoint.public_id])
        with hold_slot("test", account_id=s3_endpoint.account_id, most=1, seconds=60):
            answer = admin.post(url, {"token": began.token}, headers={"HX-Request": "true"})
        assert "No more than 1 of this account" in text_of(answer)
        assert standin.count("assume") == 0
        admin.post(url, {"token": began.token}, headers={"HX-Request": "true"})
        assert standin.count("assume") > 0

    def test_by_command(self, s3_endpoint):
        with (
            hold_slot("test", account_id=s3_endpoint.account_id, most=1, seconds=60),
            pytest.raises(CommandError, match="at the same time"),
        ):
            call_command("test_endpoint", s3_endpoint.name, account="acme", stdout=io.StringIO())

    def test_another_account_has_its_own(self, s3_endpoint, standin):
        other = Account.objects.create(name="Other", slug="other", s3_csv_telemetry=True)
        client = Client()
        client.force_login(make_member(other, "admin"))
        endpoint = create_endpoint(account=other, name="Theirs", **CONNECTION)
        with hold_slot("test", account_id=s3_endpoint.account_id, most=1, seconds=60):
            client.post(reverse("endpoints:test", args=[endpoint.public_id]))
        assert standin.count("assume") == 1


class TestPreviews:
    @pytest.fixture
    def draft(self, admin, s3_endpoint, settings) -> TelemetryDraft:
        settings.PREVIEWS_AT_ONCE = 1
        admin.post(reverse("telemetry:add"), {"name": "x"})
        draft = TelemetryDraft.objects.get()
        source = {"endpoint": str(s3_endpoint.public_id), "prefix": "usage/", "name": "x"}
        draft.answers = {"source": source}
        draft.save()
        return draft

    def test_the_sample_is_not_read_and_the_page_says_why(self, admin, draft, standin):
        standin.put_object(BUCKET, "usage/1.csv", "date,usage\n2026-05-01,1\n")
        url = reverse("telemetry:step", args=[draft.public_id, "preview"])
        with hold_slot("look", account_id=draft.account_id, most=1, seconds=60):
            answer = admin.get(url)
        assert answer.status_code == 429
        assert "No more than 1 people of this account can look into its buckets at the same time" in text_of(
            answer
        )
        assert "Try again in a few seconds" in text_of(answer)
        assert not standin.app.seen
        assert admin.get(url).status_code == 200  # a look within a look is one

    def test_the_files_are_not_listed_and_the_field_says_why(self, admin, draft, standin):
        url = reverse("telemetry:step", args=[draft.public_id, "source"])
        with hold_slot("look", account_id=draft.account_id, most=1, seconds=60):
            answer = admin.post(url, {**draft.answers["source"], "version": draft.version})
        assert "look into its buckets at the same time" in str(answer.context["form"].errors["endpoint"])
        assert not standin.app.seen


class TestDownloads:
    def test_so_many_at_once_and_a_slot_is_given_back_at_the_end(self, admin, telemetry, settings):
        settings.DOWNLOADS_AT_ONCE = 1
        url = reverse("telemetry:totals_csv", args=[telemetry.public_id])
        running = admin.get(url)
        refused = admin.get(reverse("telemetry:points_csv", args=[telemetry.public_id]))
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "60"
        assert b"No more than 1 of this account's downloads can run at the same time" in refused.content
        b"".join(running.streaming_content)
        assert admin.get(url).status_code == 200

    def test_one_that_is_broken_off_before_its_first_line_gives_it_back(self, admin, telemetry, settings):
        settings.DOWNLOADS_AT_ONCE = 1
        url = reverse("telemetry:totals_csv", args=[telemetry.public_id])
        for _ in range(3):
            answer = admin.head(url)
            assert (answer.status_code, b"".join(answer.streaming_content)) == (200, b"")


class TestSlots:
    def test_concurrent_requests_get_no_more_than_the_limit(self):
        """Also where the cache is a folder of files, as without Redis."""
        begin = threading.Barrier(16)

        def come(_: int) -> Slot | None:
            begin.wait()
            try:
                return acquire_slot("x", account_id=1, most=4, seconds=60)
            except LimitReached:
                return None

        with ThreadPoolExecutor(16) as pool:
            places = [place for place in pool.map(come, range(16)) if place]
        assert len(places) == len({place.key for place in places}) == 4

    def test_the_slot_of_a_dead_process_expires(self):
        acquire_slot("x", account_id=1, most=1, seconds=60)
        with pytest.raises(LimitReached):
            acquire_slot("x", account_id=1, most=1, seconds=60)
        acquire_slot("y", account_id=1, most=1, seconds=0)  # over at once
        acquire_slot("y", account_id=1, most=1, seconds=60)

    def test_a_late_release_does_not_free_the_slot_of_another(self):
        late = acquire_slot("x", account_id=1, most=1, seconds=0)
        acquire_slot("x", account_id=1, most=1, seconds=60)
        late.give_back()
        with pytest.raises(LimitReached):
            acquire_slot("x", account_id=1, most=1, seconds=60)

    def test_it_is_given_back_whatever_happens(self):
        for _ in range(3):
            with pytest.raises(ValueError), hold_slot("x", account_id=1, most=1, seconds=60):
                raise ValueError
