"""Looks for secrets in what git tracks: `python deploy/find_secrets.py`. Exits 1 where it finds one.

Passwords by the name of their variable are ruff's (S105 to S107), which knows that tests make some up.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Locks are made of hashes; the database of the version before has made-up people, ETags and external IDs.
HASHES = r"^(requirements/[a-z]+\.txt|package-lock\.json|tests/data/version_before/.*)$"
# The stand-in's access keys, which open nothing; the word in the place of a password in .env.example.
KNOWN = r"^(AKIADENOMINATOR00000|AKIABUCKETOWNER00000|PASSWORD)$"


def find_secrets(paths: Sequence[str]) -> int:
    """detect-secrets' exit code; it prints file, line and kind of what it finds, never the secret."""
    options = ["--exclude-files", HASHES, "--exclude-secrets", KNOWN, "--disable-plugin", "KeywordDetector"]
    command = [sys.executable, "-m", "detect_secrets.pre_commit_hook", *options, *paths]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 (our own paths)


def list_tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    return [path for path in done.stdout.split("\0") if path and (ROOT / path).is_file()]


if __name__ == "__main__":
    sys.exit(find_secrets(list_tracked()))
