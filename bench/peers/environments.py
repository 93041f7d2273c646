"""A virtual environment for each peer, from its locked list, in var/bench/: their libraries do not agree.

To renew a list: uv pip compile NAME.in -o NAME.txt --python-version 3.11 --generate-hashes --no-strip-extras
--no-emit-index-url --no-header
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.cost import ROOT
from bench.report import say

LISTS = ROOT / "bench" / "peers"
FOLDER = Path(os.environ.get("BENCH_PEERS_DIR", str(ROOT / "var" / "bench")))
OURS = "naive"  # runs in our own environment: the same Django, the same driver


def get_python(name: str) -> Path:
    """The environment's interpreter; the environment is made where there is none, or its list has changed."""
    if name == OURS:
        return Path(sys.executable)
    return get_program(name, "python")


def get_program(name: str, program: str) -> Path:
    """A program of the environment of that name."""
    folder, wanted = FOLDER / name, LISTS / f"{name}.txt"
    done = folder / ".installed"
    if not done.exists() or done.read_bytes() != wanted.read_bytes():
        say(f"installing {name}, once")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*install, "-r", wanted], check=True)
        shutil.copy(wanted, done)
    return folder / "bin" / program
