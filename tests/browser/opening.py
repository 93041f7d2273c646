"""Chromium for a session of tests, and pages in profiles of their own, each watched for problems."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.watching import watch
from tests.chromium import ARGUMENTS, MISSING, find_chromium

WIDTH, HEIGHT = 1280, 900
PATIENCE = 120_000  # milliseconds, for machines that do much else; no test waits for it to pass


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None or not Path(path).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages in browser profiles of their own; at the end there must be no problem on any of them."""
    contexts = []
    problems: list[str] = []

    def open_one(*, javascript: bool = True, color_scheme: str = "light", **more: Any) -> Page:
        context = browser.new_context(
            java_script_enabled=javascript,
            color_scheme=color_scheme,
            viewport={"width": WIDTH, "height": HEIGHT},
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        watch(page, problems)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []
