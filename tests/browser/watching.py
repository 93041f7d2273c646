"""What must not happen on any page: console errors, blocked sources, failed requests, barriers."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, Request, Response

AXE = Path(__file__).resolve().parent.parent.parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# In the other theme nothing differs but colours.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
NARROW = {"width": 320, "height": 700}
POLICY = {
    "default-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}
# How wide the page is once it fits, or after two hundred frames: a chart follows a new width in its own time.
# Playwright's wait_for_function is an eval in the page, which its policy refuses.
SETTLED_WIDTH = """fits => new Promise((resolve) => {
    let frames = 0;
    const look = () => {
        const width = document.documentElement.scrollWidth;
        if (width <= fits || ++frames > 200) resolve(width);
        else requestAnimationFrame(look);
    };
    look();
})"""
# theme.js hears of a change of the system's theme a moment later: on a busy machine after axe has begun.
IN_THEME = """scheme => new Promise((resolve) => {
    let frames = 0;
    const look = () => {
        if (document.documentElement.dataset.bsTheme === scheme) resolve(true);
        else if (++frames > 600) resolve(false);
        else requestAnimationFrame(look);
    };
    look();
})"""
# Texts of a page that are no cell, key or identifier of somebody's file: there a date is as it was written.
TEXTS = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    const theirs = "code, .code, .verbatim, pre, script, #chart-data, .wizard-table td";
    while (walker.nextNode()) {
        const { parentElement, textContent } = walker.currentNode;
        if (!parentElement.closest(theirs)) texts.push(textContent.trim());
    }
    return texts;
}"""
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
ODD_TIME = re.compile(  # a date in another style than 24 Nov 2026; a time without a zone
    rf"(?<![\w/])[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\b|\b({MONTHS})[a-z]*\.? [0-9]{{1,2}}\b"
    r"|(?<![\w:'])[0-9]{1,2}:[0-9]{2}\b(?! (UTC|GMT))"
)
LEFT_THE_PAGE = "net::ERR_ABORTED"  # the person went on before it was loaded


def watch(page: Page, problems: list[str]) -> None:
    """Write down in `problems` what goes wrong on the page from now on.

    A violation of the content security policy is a console error.
    """

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            problems.append(f"{page.url}: console {message.type}: {message.text}")

    def see_failure(request: Request) -> None:
        if request.failure != LEFT_THE_PAGE:
            problems.append(f"{page.url}: {request.url} failed: {request.failure}")

    def see_answer(response: Response) -> None:
        if response.status >= 400:
            problems.append(f"{page.url}: {response.url} answered {response.status}")

    page.on("console", hear)
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on("requestfailed", see_failure)
    page.on("response", see_answer)


def find_problems(page: Page) -> list[str]:
    """Barriers in light and in dark, and what does not fit into 320 pixels. Leaves the page in light."""
    problems = []
    for scheme, rules in (("dark", COLOUR_RULES), ("light", RULES)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour half way
        if not page.evaluate(IN_THEME, scheme):
            problems.append(f"{page.url}: the page did not follow the system into {scheme}")
        problems += [f"{scheme}: {barrier}" for barrier in find_barriers(page, rules=rules)]
    size = page.viewport_size
    page.set_viewport_size(NARROW)
    width = page.evaluate(SETTLED_WIDTH, NARROW["width"])
    if width > NARROW["width"]:
        problems.append(f"{page.url}: {width} px wide at {NARROW['width']}")
    page.set_viewport_size(size)
    return problems


def find_odd_times(page: Page) -> list[str]:
    """Dates in another style than the pages' one, and times without a zone."""
    return [f"{page.url}: {text}" for text in page.evaluate(TEXTS) if ODD_TIME.search(text)]


def find_barriers(page: Page, *, rules: list[str] = RULES) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA and its own good practice: one line a rule."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run({runOnly: rules}).then(result => result.violations)", rules)
    return [
        f"{page.url}: {rule['id']} ({rule['impact']}): {rule['help']}: "
        + "; ".join(node["html"][:200] for node in rule["nodes"][:3])
        for rule in found
    ]
