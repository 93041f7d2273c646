"""Asks for known vulnerabilities of what is locked: `python deploy/audit.py`, or `make audit`.

Exits 1 where there is one. The services that know are asked over the network; where none answers, it says so
and exits 0, or 1 with AUDIT_REQUIRED=1: so that silence is not taken for a clean result.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("osv", "pypi")  # the second is asked where the first does not answer
LOCKS = ("base.txt", "dev.txt", "node.txt")
TIMEOUT = "15"  # seconds


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was asked, how much of it a service knew, and what it found."""

    subject: str
    audited: int = 0
    not_audited: int = 0
    found: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_complete(self) -> bool:
        return bool(self.audited) and not self.not_audited

    def describe(self) -> str:
        if self.found:
            return f"VULNERABLE: {self.subject}: " + "; ".join(self.found)
        if self.is_complete:
            return f"Audited: {self.subject}: no known vulnerability in {self.audited} packages."
        left = f"{self.not_audited} packages unknown to it" if self.not_audited else "no answer"
        return f"NOT AUDITED: {self.subject}: {left}. {self.problem}".strip()


def judge_python(subject: str, output: str, errors: str = "") -> Verdict:
    """From pip-audit's JSON. A package that the service does not know is not a package without a problem."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return Verdict(subject, problem=_last_line(errors))
    found = tuple(
        f"{package['name']} {package['version']}: {', '.join(flaw['id'] for flaw in package['vulns'])}"
        for package in packages
        if package.get("vulns")
    )
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    problem = skipped[0] if skipped else ""
    return Verdict(subject, len(packages) - len(skipped), len(skipped), found, problem)


def judge_npm(subject: str, output: str, errors: str = "") -> Verdict:
    """From npm's JSON."""
    try:
        report = json.loads(output)
        total = report["metadata"]["dependencies"]["total"]
    except (ValueError, KeyError, TypeError):
        return Verdict(subject, problem=next(iter(errors.splitlines()), ""))
    found = tuple(f"{name}: {flaw['severity']}" for name, flaw in report["vulnerabilities"].items())
    return Verdict(subject, audited=total, found=found)


def audit_python(lock: str) -> Verdict:
    verdict = Verdict(f"requirements/{lock}")
    for service in SERVICES:
        options = ["--format", "json", "--progress-spinner", "off", "--timeout", TIMEOUT]
        hashed = ["--disable-pip", "--require-hashes", "-r", f"requirements/{lock}"]
        done = _run([sys.executable, "-m", "pip_audit", "-s", service, *options, *hashed])
        verdict = judge_python(verdict.subject, done.stdout, done.stderr)
        if verdict.is_complete or verdict.found:
            break
    return verdict


def audit_npm() -> Verdict:
    try:
        done = _run(["npm", "audit", "--json", "--package-lock-only", "--fetch-retries=0"])
    except FileNotFoundError:
        return Verdict("package-lock.json", problem="There is no npm here.")
    return judge_npm("package-lock.json", done.stdout, done.stderr)


def main(*, required: bool) -> int:
    verdicts = [*map(audit_python, LOCKS), audit_npm()]
    for verdict in verdicts:
        print(verdict.describe())  # noqa: T201 (what a person ran it for)
    if any(verdict.found for verdict in verdicts):
        return 1
    return int(required and not all(verdict.is_complete for verdict in verdicts))


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603 (our own)


def _last_line(text: str) -> str:
    return next((line.strip()[:300] for line in reversed(text.splitlines()) if line.strip()), "")


if __name__ == "__main__":
    sys.exit(main(required=os.environ.get("AUDIT_REQUIRED") == "1"))
