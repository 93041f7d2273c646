"""The frame of every page, the error pages and the shared components."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

pytestmark = pytest.mark.urls("tests.accounts.guarded_urls")


class SampleForm(forms.Form):
    key = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(help_text="As it is shown.", widget=forms.TextInput(attrs={"class": "code"}))
    note = forms.CharField(required=False)
    region = forms.ChoiceField(choices=[("eu", "Europe")])
    rule = forms.ChoiceField(choices=[("newest", "Newest"), ("add", "Add")], widget=forms.RadioSelect)
    yes = forms.BooleanField(required=False)


def show(template: str, **context: object) -> str:
    return re.sub(r"\s+", " ", Template(template).render(Context(context)))


def show_field(form: forms.Form, name: str) -> str:
    return show('{% include "components/field.html" %}', field=form[name])


class TestEveryPage:
    @pytest.fixture
    def page(self, account, join, sign_in) -> str:
        return sign_in(join(account, "admin").user).get("/settings/members/").content.decode()

    def test_names_itself_in_title_and_heading_and_lights_its_entry(self, page):
        assert "<title>Members – Denominator</title>" in page
        assert "<h1>Members</h1>" in page
        assert '<a href="/settings/members/" aria-current="page">Members</a>' in page

    def test_satisfies_the_content_security_policy(self, page):
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
        assert not re.search(r"<style|\sstyle=|\son\w+=", page)

    def test_turns_off_in_htmx_what_the_policy_refuses(self, page):
        for setting in ('"includeIndicatorStyles": false', '"allowEval": false', '"allowScriptTags": false'):
            assert setting in page
        assert re.search(
            r"""<body hx-headers="{"X-CSRFToken": "\w{64}", "X-Made-For": "[\w:-]+"}">""", unescape(page)
        )

    def test_says_what_was_done_in_a_status_region(self, account, other_account, join, sign_in):
        user = join(account, "admin").user
        join(other_account, "admin", email=user.email)
        client = sign_in(user)
        client.post("/accounts/switch/", {"account": "zeta"})
        page = client.get("/settings/members/").content.decode()

        assert re.search(r'role="status">\s*<div class="alert alert-success">You are now in Zeta\.', page)


class TestErrorPages:
    @pytest.mark.parametrize(
        ("path", "status", "title"),
        [
            ("/no/such/page/", 404, "Page not found"),
            ("/refused/", 400, "The request could not be understood"),
            ("/broken/", 500, "Something went wrong on our side"),
        ],
    )
    def test_look_like_other_pages_and_reveal_no_internals(self, db, path, status, title):
        answer = Client(raise_request_exception=False).get(path)
        page = answer.content.decode()

        assert answer.status_code == status
        assert f"<h1>{title}</h1>" in page
        assert "app.css" in page
        assert "internal secret" not in page

    def test_a_request_for_an_unknown_host_is_refused_without_an_error_of_ours(self, db, settings):
        settings.ALLOWED_HOSTS = ["denominator.example"]
        answer = Client(raise_request_exception=False).get("/", headers={"host": "evil.example"})

        assert answer.status_code == 400
        assert "<h1>The request could not be understood</h1>" in answer.content.decode()

    def test_a_form_without_its_mark_is_refused_with_advice(self, account, join):
        client = Client(enforce_csrf_checks=True)
        client.sends_marks = False
        client.force_login(join(account, "admin").user, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.post("/accounts/switch/", {"account": "acme"})

        assert answer.status_code == 403
        assert "Your session has changed. Reload and try again." in answer.content.decode()

    def test_htmx_carries_the_mark_in_a_header(self, account, join):
        client = Client(enforce_csrf_checks=True)
        client.force_login(join(account, "admin").user, backend="django.contrib.auth.backends.ModelBackend")
        page = unescape(client.get("/settings/members/").content.decode())
        token = re.search(r'X-CSRFToken": "(\w+)"', page)[1]

        answer = client.post("/accounts/switch/", {"account": "acme"}, headers={"X-CSRFToken": token})
        assert answer.status_code == 302

    def test_the_style_page_is_for_development_alone(self, db):
        assert Client().get("/components/").status_code == 200  # the same view, under the tests' own address
        assert Client().get("/style/").status_code == 404


class TestFields:
    def test_label_help_error_and_control_belong_together(self):
        html = show_field(SampleForm({}), "name")

        assert '<label class="form-label" for="id_name">Name</label>' in html
        assert '<div class="form-hint" id="id_name_helptext">As it is shown.</div>' in html
        assert 'id="id_name_error"' in html
        assert 'aria-describedby="id_name_helptext id_name_error"' in html
        assert 'aria-invalid="true"' in html
        assert 'class="code form-control is-invalid"' in html

    def test_what_may_stay_empty_says_so_outside_the_label(self):
        html = show_field(SampleForm(), "note")

        assert '>Note</label> <span class="optional">optional</span>' in html

    def test_choices_are_a_group_whose_members_have_labels_of_their_own(self):
        html = show_field(SampleForm({"rule": "add"}), "rule")

        assert '<legend class="form-label">Rule</legend>' in html
        assert re.search(
            r'<label class="form-check" for="id_rule_1"><input[^>]*value="add"[^>]*checked', html
        )
        assert html.count('class="form-check-input"') == 2

    def test_each_kind_of_control_gets_its_class(self):
        form = SampleForm()

        assert 'class="form-select"' in show_field(form, "region")
        assert 'class="form-check-input"' in show_field(form, "yes")
        assert show_field(form, "key").strip() == '<input type="hidden" name="key" id="id_key">'

    def test_the_error_summary_links_to_the_fields_and_is_absent_where_nothing_is_wrong(self):
        template = '{% include "components/error_summary.html" %}'
        html = show(template, form=SampleForm({}))

        assert '<a href="#id_name">This field is required.</a>' in html
        assert '<a href="#id_rule_0">This field is required.</a>' in html
        assert "<li>Key: This field is required.</li>" in html
        assert show(template, form=SampleForm()).strip() == ""
        assert show(template).strip() == ""

    def test_what_a_person_typed_is_shown_as_text(self):
        html = show_field(SampleForm({"name": '"><script>'}), "name")

        assert "<script>" not in html


class TestOtherComponents:
    @pytest.fixture
    def request_for(self) -> Callable[..., HttpRequest]:
        def make(**query: str) -> HttpRequest:
            request = RequestFactory().get("/", query)
            request.user = AnonymousUser()
            return request

        return make

    def test_pages_keep_the_rest_of_the_question(self, request_for):
        request = request_for(search="a&b", page="2")
        page = Paginator(range(5000), 50).page(2)
        html = render_to_string("components/pagination.html", {"page": page, "target": "#table"}, request)

        assert "51–100 of 5,000" in html
        assert "?search=a%26b&amp;page=1" in html
        assert "?search=a%26b&amp;page=3" in html
        assert 'hx-target="#table"' in html

    def test_one_page_offers_no_other(self, request_for):
        page = Paginator(range(3), 50).page(1)
        html = render_to_string("components/pagination.html", {"page": page}, request_for())

        assert "1–3 of 3" in html
        assert "<a" not in html

    def test_a_summary_offers_to_change_what_can_be_changed(self):
        rows = [{"label": "Prefix", "value": "usage/", "change_url": "/x"}, {"label": "Metric", "value": ""}]
        html = show('{% include "components/summary_list.html" %}', rows=rows)

        assert '<a href="/x">Change<span class="visually-hidden"> Prefix</span></a>' in html
        assert html.count("Change<") == 1
        assert "<dd>–</dd>" in html

    def test_steps_link_to_what_is_open_and_name_the_current_one(self):
        steps = [
            {"label": "Source", "state": "done", "url": "/1"},
            {"label": "Preview", "state": "current", "url": "/2"},
            {"label": "Date", "state": "locked", "url": None},
        ]
        html = show('{% include "components/steps.html" %}', steps=steps)

        assert '<a href="/1">Source</a>' in html
        assert re.search(r'aria-current="step"> <span>Preview</span>', html)
        assert "<span>Date</span>" in html

    def test_a_stored_text_is_escaped_once(self):
        template = "{% load layout %}{% text as title %} Delete {{ name }}? {% endtext %}[{{ title }}]"

        assert show(template, name="<R&D>") == "[Delete &lt;R&amp;D&gt;?]"

    def test_a_moment_that_never_came_says_so(self):
        template = '{% include "components/time.html" with none="Never" %}'

        assert "Never" in show(template, at=None)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("usage/year=2026/part_0.csv", "usage/<wbr>year=<wbr>2026/<wbr>part_<wbr>0.<wbr>csv"),
        ("ada@acme.example", "ada@<wbr>acme.<wbr>example"),
        ("<b>/x</b>", "&lt;b&gt;/<wbr>x&lt;/<wbr>b&gt;"),
        ("usage/", "usage/"),
        ("", ""),
    ],
)
def test_a_name_without_spaces_may_break_between_its_parts_and_stays_what_it_is(name, shown):
    assert Template("{% load layout %}{{ name|breakable }}").render(Context({"name": name})) == shown
