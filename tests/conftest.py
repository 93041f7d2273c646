from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from types import FrameType

import hypothesis
import pytest
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

from tests.audit.opening import open_audit_log
from tests.collation import make_template
from tests.environment import FOLDER
from tests.marks import sending_marks

hypothesis.settings.register_profile("here", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("here")

pytest_plugins = ["tests.standin", "tests.browser.opening"]


def pytest_configure(config: pytest.Config) -> None:
    """A run that is asked to end drops its databases first, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt_once)


def _interrupt_once(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Before the test databases are made."""
    with django_db_blocker.unblock():
        make_template()


@pytest.fixture(autouse=True)
def forgotten_failures() -> None:
    """A test that took Redis away leaves no process that still keeps clear of it."""
    from config import caches
    from core.spool import of_process  # once there are settings
    from standby import queue

    caches.forget_failures()
    of_process.forget()
    queue.forget_failure()


@pytest.fixture(autouse=True, scope="session")
def emptied_audit_log() -> Iterator[None]:
    """Tests that commit empty every table at their end: the audit log, which refuses, is opened for that."""
    with pytest.MonkeyPatch.context() as patch:
        empty = TransactionTestCase._fixture_teardown

        def empty_all(test: TransactionTestCase) -> None:
            with open_audit_log():
                empty(test)

        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_all)
        yield


@pytest.fixture(autouse=True, scope="session")
def _marks() -> Iterator[None]:
    with sending_marks():
        yield
