"""Accounts share the workers: what waits of one of them ends what another one holds beyond its share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Account
from endpoints.models import S3Endpoint
from ingestion import dispatch, services, work
from ingestion.leases import TimeSliceExpired, claim_run, join_run, leave_run, yield_run
from ingestion.models import Run, RunHelper
from ingestion.sharing import choose_run, count_workers, is_wanted_elsewhere
from telemetry.models import Telemetry
from tests.standin import make_endpoint

NOW = datetime(2024, 5, 3, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """Messages, as (task, run): nobody takes them."""
    sent = []

    def send(task, *, run_id):
        sent.append((task, run_id))

    for module in (services, work, dispatch):
        monkeypatch.setattr(module, "send", send)
    return sent


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def pass_by(self, seconds):
        self.now += seconds * SECOND


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def accounts(s3_endpoint):
    """`ask("acme")` is a new telemetry's run that waits, of that account."""
    return Accounts(s3_endpoint)


class Accounts:
    def __init__(self, endpoint: S3Endpoint):
        self.endpoints = {"acme": endpoint}

    def ask(self, slug: str, *, trigger="scheduled", after=0) -> Run:
        if slug not in self.endpoints:
            account = Account.objects.create(name=slug, slug=slug, s3_csv_telemetry=True)
            self.endpoints[slug] = make_endpoint(account)
            self.endpoints[slug].save()
        endpoint = self.endpoints[slug]
        number = Telemetry.objects.count()
        telemetry = Telemetry.objects.create(
            kind="telemetry",
            account=endpoint.account,
            endpoint=endpoint,
            prefix=f"{number}/",
            name=f"{number}",
            identifier=f"m{number}",
            date_column="date",
            date_format="yyyy-MM-dd",
        )
        return Run.objects.create(source=telemetry, trigger=trigger, created_at=NOW - HOUR + after * SECOND)

    def id(self, slug):
        return self.endpoints[slug].account_id


def begin(run, clock, *, helpers=0, turn=HOUR):
    """The run's lease, with so many helpers beside it."""
    lease = claim_run(run_id=run.pk, clock=clock, turn=turn)
    Run.objects.filter(pk=run.pk).update(planned_at=clock())
    return lease, [join_run(run_id=run.pk, clock=clock, turn=turn) for _ in range(helpers)]


class TestTheChoice:
    def test_nothing_waits(self, accounts, clock):
        begin(accounts.ask("acme"), clock)
        assert choose_run(now=NOW) is None

    def test_one_accounts_runs_come_in_the_order_in_which_they_wait(self, accounts):
        later, first = accounts.ask("acme", after=9), accounts.ask("acme", after=1)
        assert choose_run(now=NOW) == first.pk != later.pk

    def test_an_account_without_a_worker_comes_before_one_that_has_waited_longer(self, accounts, clock):
        begin(accounts.ask("acme"), clock)
        accounts.ask("acme")
        other = accounts.ask("other", after=100)
        assert choose_run(now=NOW) == other.pk

    def test_helpers_count_as_workers(self, accounts, clock):
        begin(accounts.ask("acme"), clock, helpers=2)
        for _ in range(2):
            begin(accounts.ask("other"), clock)
        accounts.ask("acme")
        other = accounts.ask("other", after=100)
        assert count_workers(now=NOW) == {accounts.id("acme"): 3, accounts.id("other"): 2}
        assert choose_run(now=NOW) == other.pk

    def test_the_dead_hold_nothing_and_their_runs_wait(self, accounts, clock):
        run = accounts.ask("acme")
        begin(run, clock, helpers=2)
        clock.pass_by(3600)
        assert count_workers(now=clock()) == {}
        assert choose_run(now=clock()) == run.pk

    def test_accounts_take_turns_on_a_single_worker(self, accounts, clock):
        runs = [accounts.ask("acme"), accounts.ask("other", after=1)]
        chosen = []
        for _ in range(4):
            clock.pass_by(1)
            chosen.append(choose_run(now=clock()))
            lease = claim_run(run_id=chosen[-1], clock=clock, turn=HOUR)
            clock.pass_by(1)
            yield_run(lease=lease)
        assert chosen == [run.pk for run in runs * 2]

    def test_a_commands_run_is_its_own_until_it_is_lost(self, accounts, clock):
        run = accounts.ask("acme", trigger="command")
        assert choose_run(now=NOW) is None
        begin(run, clock)
        clock.pass_by(3600)
        assert choose_run(now=clock()) == run.pk

    def test_workers_of_what_people_ask_for_take_nothing_else(self, accounts):
        accounts.ask("acme")
        assert choose_run(now=NOW, requested_only=True) is None
        asked = accounts.ask("acme", trigger="manual", after=9)
        assert choose_run(now=NOW, requested_only=True) == asked.pk


class TestLeaving:
    def test_nobody_leaves_where_nobody_else_waits(self, accounts, clock):
        lease, helpers = begin(accounts.ask("acme"), clock, helpers=3)
        accounts.ask("acme")
        clock.pass_by(3000)
        for one in (lease, *helpers):
            one.hold(clock())
            one.check_turn()

    def test_a_helper_leaves_for_another_account_at_once(self, accounts, clock):
        _, [helper] = begin(accounts.ask("acme"), clock, helpers=1)
        accounts.ask("other")
        with pytest.raises(TimeSliceExpired):
            helper.check_turn()

    def test_who_carries_the_run_out_leaves_after_a_short_turn(self, accounts, clock, settings):
        lease, _ = begin(accounts.ask("acme"), clock)
        accounts.ask("other")
        clock.pass_by(settings.RUN_SHORT_TURN_SECONDS - 1)
        lease.hold(clock())
        lease.check_turn()
        clock.pass_by(1)
        with pytest.raises(TimeSliceExpired):
            lease.check_turn()

    @pytest.mark.parametrize(("held", "leaves"), [(0, True), (1, True), (2, False), (3, False)])
    def test_helpers_leave_until_the_shares_are_equal(self, accounts, clock, held, leaves):
        begin(accounts.ask("acme"), clock, helpers=2)
        for _ in range(held):
            begin(accounts.ask("other"), clock)
        accounts.ask("other")
        assert is_wanted_elsewhere(account_id=accounts.id("acme"), helps=True, now=NOW) is leaves

    def test_a_command_never_leaves(self, accounts, clock):
        lease, helpers = begin(accounts.ask("acme"), clock, helpers=1, turn=None)
        accounts.ask("other")
        clock.pass_by(3000)
        lease.check_turn()
        helpers[0].check_turn()

    def test_no_more_helpers_than_the_setting_says(self, accounts, clock, settings):
        settings.RUN_HELPERS = 2
        _, helpers = begin(accounts.ask("acme"), clock, helpers=3)
        assert helpers[2] is None
        leave_run(lease=helpers[0])
        assert RunHelper.objects.count() == 1


class TestMessages:
    def run_next(self, run, clock, **options):
        dispatch.run_next(run_id=run.pk, clock=clock, turn=HOUR, **options)

    def test_a_message_is_good_for_the_run_whose_turn_it_is_and_the_named_one_gets_another(
        self, accounts, clock, sent
    ):
        begin(accounts.ask("acme"), clock)
        named, other = accounts.ask("acme"), accounts.ask("other", after=100)
        self.run_next(named, clock)
        other.refresh_from_db()
        named.refresh_from_db()
        assert (other.finished_at, named.finished_at) == (NOW, None)
        assert sent == [("run_sync", named.pk)]

    def test_one_delivered_again_does_nothing(self, accounts, clock, sent):
        run = accounts.ask("acme")
        for _ in range(2):
            self.run_next(run, clock)
        run.refresh_from_db()
        assert (run.attempts, sent) == (1, [])

    def test_one_for_a_helper_carries_out_what_waits_of_another_account(self, accounts, clock, sent):
        run = accounts.ask("acme")
        begin(run, clock)
        other = accounts.ask("other")
        dispatch.help_next(run_id=run.pk, clock=clock, turn=HOUR)
        other.refresh_from_db()
        assert other.finished_at == NOW
        assert sent == [("help_run", run.pk)]

    def test_what_people_ask_for_has_a_queue_of_its_own_until_it_has_begun(
        self, accounts, clock, sent, django_capture_on_commit_callbacks
    ):
        run = accounts.ask("acme", trigger="manual")
        with django_capture_on_commit_callbacks(execute=True):
            services.recover_lost_runs(now=NOW)
            claim_run(run_id=run.pk, clock=clock)
            services.recover_lost_runs(now=NOW + HOUR)
        assert sent == [("run_requested_sync", run.pk), ("run_sync", run.pk)]


def test_a_helper_that_leaves_gives_back_what_it_has_taken(bench, accounts, clock, sent, monkeypatch):
    for name in "abcdefgh":
        bench.put(f"{name}.csv", f"date,team,requests\n2024-05-01,{name},5\n")
    run, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    lease = claim_run(run_id=run.pk, clock=clock, turn=HOUR)
    work.plan_run(lease=lease, bucket=work._open(lease))
    accounts.ask("other")
    assert work.help_run(run_id=run.pk, clock=clock, turn=HOUR) == 0
    assert sent == [("help_run", run.pk)]
    left = run.files.filter(state="pending")
    assert (left.exists(), left.exclude(taken_until=None).exists()) == (True, False)
    assert not RunHelper.objects.exists()
    work._read_files(lease, work._open(lease))
    work.finish_run(lease=lease)
    assert len(bench.points()) == 8
