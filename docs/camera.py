"""Takes pictures of a browser's page: light and dark at a laptop's width, light at a phone's."""

from __future__ import annotations

from typing import Literal

from playwright.sync_api import Browser, ViewportSize

from docs.pictures import IMAGES

LAPTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
VIEWS: tuple[tuple[str, Literal["light", "dark"], ViewportSize], ...]
VIEWS = (("light", "light", LAPTOP), ("dark", "dark", LAPTOP), ("phone", "light", PHONE))


class Camera:
    """Before the page of a browser profile of its own. `taken`: the names of the pictures, of all cameras."""

    def __init__(self, browser: Browser, *, taken: set[str]) -> None:
        self.page = browser.new_page(viewport=LAPTOP, locale="en-GB")
        self.taken = taken

    def take(self, name: str, *, whole: bool = False) -> None:
        """The page as it is now, under `name`, in every view; `whole`: what is below the window, too."""
        self.page.wait_for_load_state("networkidle")  # what htmx puts into it is there
        for view, scheme, size in VIEWS:
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.set_viewport_size(size)
            path = IMAGES / f"{name}-{view}.png"
            self.page.screenshot(path=path, animations="disabled", full_page=whole)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(LAPTOP)
        self.taken.add(name)
