"""Rows are narrowed to an account at one place, `for_account`, and no query of the product forgets it.

A query begins with `for_account`, or with an object in hand: itself, or the parent that it belongs to. What
does neither stands below, with its reason.
"""

from __future__ import annotations

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db.models import ForeignKey, Model

from accounts.models import Account, AccountScoped
from tests.security.queries import ROOT, list_models, list_queries, list_sources

BELONG_TO_NO_ACCOUNT = {
    "Account": "it is the tenant itself; a request's is found through the person's memberships",
    "SecondFactor": "a person's, whatever accounts they belong to",
    "RecoveryCode": "a person's, whatever accounts they belong to",
    "SignIn": "a person's, whatever accounts they belong to",
    "Identity": "a person's, whatever accounts they belong to",
    "Counter": "attempts of people and networks, whatever accounts they belong to",
    "Entry": "without foreign keys, it narrows by a `for_account` of its own; some belong to no account",
    "Heartbeat": "a process's, of the whole installation",
    "KeptValue": "the cache's, while Redis is away: a key as the cache has it",
    "KeptTask": "the work queue's, while it is away: a message as the queue has it",
    "QueuedMail": "a person's mail, until it is sent",
    "User": "a person may belong to several accounts; pages show memberships, never users",
}
MODULE = ROOT / "telemetry" / "selectors.py"
EXCEPTIONS = {
    "accounts/invitations.py:find_by_token": "whoever has the link need not belong to the account yet",
    "accounts/invitations.py:list_old": "the clock's question, for every account",
    "accounts/invitations.py:_list_open": "what accounts ask of one person, who belongs to none of them yet",
    "accounts/counters.py:count_attempt": "counts attempts of people and networks, of whatever account",
    "ingestion/schedule.py:list_due_sources": "the scheduler's question, for every account",
    "ingestion/selectors.py:list_lost_runs": "the scheduler's question, for every account",
    "ingestion/selectors.py:list_rejected_rows": "narrowed below to a run or source; one is required",
    "telemetry/wizard/retention.py:list_old_drafts": "the scheduler's question, for every account",
    "core/updating.py:update_each": "a worker's SQL: rows of its own files, each named by its key",
    "ingestion/leases.py:join_run": "a worker's: narrowed on the next line to the run that its message names",
    "ingestion/leases.py:hold": "a worker's: the row by which it helps its run",
    "ingestion/schedule.py:list_runs_ahead": "the scheduler's question, for every account",
    "ingestion/sharing.py:count_workers": "the dispatcher's question, which weighs the accounts",
    "ingestion/sharing.py:_list_active": "the dispatcher's question, which weighs the accounts",
    "core/deleting.py:delete_in_portions": "rows that the caller has narrowed, by their keys",
    "telemetry/warnings.py:_find_overlap": "a worker's SQL of the files of one run, a parameter",
    "ingestion/services.py:_start_together": "the scheduler's: the runs that it has made itself just above",
    "ingestion/finish_staged.py:_forget_cells": "a worker's SQL: rejected rows of one telemetry, named in it",
    "telemetry/comparing.py:_find_bounds": "both of its conditions name the telemetry or its staged files",
    "core/restructuring.py:point_elsewhere": "a migration, of every account",
    "core/snapshot.py:snapshot": "says how the transaction is to read; no rows",
    "telemetry/series.py:delete_unused_series": "a worker's SQL: series of one telemetry, named in it",
    "core/rows.py:stream_rows": "carries out SQL of telemetry.overlap, which begins with a telemetry",
    "telemetry/selectors.py:look_up": "the series of points that the fold of one telemetry has just given",
    "telemetry/blocks.py:_write": "a worker's COPY of new rows of its own source file",
    "core/copying.py:copy_rows": "a worker's COPY of new rows",
    "telemetry/daily_totals.py:_insert_totals": "a worker's SQL: totals of one telemetry, named in it",
    "telemetry/series.py:_find": "a worker's SQL: series of one telemetry, named in it",
    "telemetry/series.py:_insert": "a worker's COPY of new series of one telemetry",
    "ingestion/versions.py:_replace": "a worker's: its own source's files, found just above",
    "ingestion/versions.py:_clear_abandoned": "a worker's: its own source's files, found just above",
    "ingestion/versions.py:abandon_loads": "a worker's: the versions that it began to read itself",
}


def test_every_model_says_how_its_rows_lead_to_an_account():
    unowned = {model.__name__ for model in list_models() if not issubclass(model, AccountScoped)}
    assert unowned == set(BELONG_TO_NO_ACCOUNT)


@pytest.mark.parametrize("model", [m for m in list_models() if issubclass(m, AccountScoped)])
def test_the_way_to_the_account_has_no_gap(model: type[Model]):
    """Each step is a foreign key that is always set, and the last one leads to the account."""
    for step in model.TO_ACCOUNT.split("__"):
        try:
            field = model._meta.get_field(step)
        except FieldDoesNotExist:
            pytest.fail(f"{model.__name__} has no {step}")
        assert isinstance(field, ForeignKey)
        assert not field.null
        model = field.related_model
    assert model is Account


def test_no_query_forgets_its_account():
    forgotten = [
        f"{query.where} (line {query.line}): {query.text}"
        for path in list_sources()
        for query in list_queries(path)
        if not query.is_scoped and query.where not in EXCEPTIONS
    ]
    assert forgotten == []


def test_every_exception_still_has_its_query():
    unscoped = {query.where for path in list_sources() for query in list_queries(path) if not query.is_scoped}
    assert set(EXCEPTIONS) - unscoped == set()


@pytest.mark.parametrize(
    "forgetful",
    [
        "Telemetry.objects.all()",
        "Telemetry.objects.get(public_id=telemetry_id)",
        "Telemetry.objects.filter(pk=request.GET['pk'])",
        "Telemetry.objects.filter(name=name).for_account(account)",
        "Telemetry._default_manager.first()",
        "models.Telemetry.objects.first()",
        "rows = Telemetry.objects",
        "Run.objects.filter(public_id=run_id)",
        "Run.objects.filter(telemetry=request.POST['telemetry'])",
        "RejectedRow.objects.select_related('run_file').order_by('pk')",
        "get_object_or_404(Telemetry, public_id=telemetry_id)",
        "Model.raw('SELECT 1')",
        "model._default_manager.all()",
        "connection.cursor()",
    ],
)
def test_the_rule_finds_an_unscoped_query(forgetful: str):
    assert [query.is_scoped for query in list_queries(MODULE, source=forgetful)] == [False]


@pytest.mark.parametrize(
    "mindful",
    [
        "Telemetry.objects.for_account(account).filter(name=name)",
        "Telemetry.objects.select_related('endpoint').for_account(account)",
        "Run.objects.filter(source=telemetry)",
        "RunFile.objects.filter(run_id=run.pk)",
        "TelemetryDraft.objects.select_for_update().get(pk=draft.pk)",
        "Run.objects.create(telemetry=telemetry)",
        "S3Endpoint.objects.none()",
    ],
)
def test_the_rule_accepts_a_scoped_query(mindful: str):
    assert [query.is_scoped for query in list_queries(MODULE, source=mindful)] == [True]
