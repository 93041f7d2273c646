"""What files take that would break a careless reader: each in full size, in a process of its own.

    python -m bench.hostile [CASE...]

The cases are those of tests/csvfiles/hostile.py. Figures go to bench/results/.
"""

from __future__ import annotations

import json
import subprocess
import sys

from bench.report import write
from tests.csvfiles.hostile import CASES

MEGABYTES = {  # else 500
    "gzip bomb of empty lines": 10_000,
    "gzip bomb of rows": 10_000,
    "gzip within gzip": 100,
    "gzip of empty members": 100,
    "gzip with a name that never ends": 1_000,
    "a header of 100,000 columns": 1,
    "a name of half a megabyte": 1,
    "empty lines": 1_000,
    "rows between empty lines": 100,
    "rows of one letter": 20,
    "rows of NUL bytes": 100,
    "rows with stray quotes": 100,
    "every row rejected": 190,
    "every row rejected, long cells": 100,
    "rows of 2,000 columns": 100,
    "rows of more and more cells": 100,
    "a dimension value a row": 130,
    "a dimension value a row, few allowed": 130,
    "a dimension value a row, all allowed": 130,
    "a date a row": 95,
    "a date a row, none of them one": 95,
    "a spelling of the metric a row": 130,
}


def main() -> None:
    taken = []
    for name in sys.argv[1:] or CASES:
        argument = f"{name}={MEGABYTES.get(name, 500)}"
        done = subprocess.run(
            [sys.executable, "-m", "tests.csvfiles.hostile", argument],
            check=True,
            capture_output=True,
            text=True,
        )
        case = json.loads(done.stdout)
        if case["ends"] != CASES[name].ends:
            raise RuntimeError(f"{name}: {case['ends']} instead of {CASES[name].ends}")
        print({key: case[key] for key in ("case", "ends", "peak_mb", "seconds")}, file=sys.stderr)
        taken.append({**case, "megabytes": MEGABYTES.get(name, 500)})
    write("hostile", {"cases": taken}, uses_database=False)


if __name__ == "__main__":
    main()
