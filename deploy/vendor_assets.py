"""Copy the front-end files of the pages from node_modules/ to static/vendor/ (git ignores both).

`make setup` runs it after `npm ci`; package-lock.json holds every version with its integrity hash.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"

# file in node_modules/ -> file in static/vendor/
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "chart.js/dist/chart.umd.min.js": "chart.umd.min.js",
}

# Source maps are not served, and the manifest storage refuses a file that names a missing one.
SOURCE_MAP = re.compile(r"(//|/\*)# sourceMappingURL=\S+( \*/)?")


def copy_assets() -> None:
    """Copy every file of FILES; raises FileNotFoundError where a package changed its layout."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in FILES.items():
        text = (ROOT / "node_modules" / source).read_text(encoding="utf-8")
        (VENDOR / target).write_text(SOURCE_MAP.sub("", text), encoding="utf-8")


if __name__ == "__main__":
    copy_assets()
