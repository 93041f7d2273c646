"""A change of dimensions or overlap rule is in the log with what was, and what was asked for."""

from __future__ import annotations

import pytest

from audit.models import Entry
from ingestion.services import create_run
from telemetry.mapping_changes import Change, as_options
from tests.ingestion.conftest import START, bench, make_bench  # noqa: F401 - fixtures


@pytest.mark.django_db
def test_it_says_what_was_and_what_was_asked_for(bench):  # noqa: F811
    change = Change(bench.telemetry, dimensions=("team", "env"), overlap="add")
    create_run(source=bench.telemetry, trigger="manual", now=START, **as_options(change))

    entry = Entry.objects.filter(action="telemetry.sync_requested").get()
    assert entry.before == {"dimensions": ["team"], "overlap": "newest"}
    assert (entry.after["dimensions"], entry.after["overlap"]) == (["team", "env"], "add")


@pytest.mark.django_db
def test_what_stays_the_same_is_not_in_it(bench):  # noqa: F811
    change = Change(bench.telemetry, overlap="add")
    create_run(source=bench.telemetry, trigger="manual", now=START, **as_options(change))

    entry = Entry.objects.filter(action="telemetry.sync_requested").get()
    assert entry.before == {"overlap": "newest"}
    assert "dimensions" not in entry.after
