"""How fast the reader is by the way in which a file's cells are quoted: rows a second of processor time.

    python -m bench.shapes [--rows 1000000] [--runs 5]

Until points are ready to be written, in one process. Ways take turns; medians go to bench/results/.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import random
import statistics
import time
from collections.abc import Callable

from bench.report import write
from csvfiles.mapping import Mapping
from csvfiles.read import PointReader

COLUMNS = ("date", "team", "environment", "feature", "requests")
MAPPING = Mapping("date", "yyyy-MM-dd", ("team", "environment", "feature"), "requests")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.shapes")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    rows = make_rows(options.rows)
    shapes: dict[str, Callable[[], bytes]] = {
        "bare": lambda: csv_of(rows, csv.QUOTE_MINIMAL),
        "every cell quoted": lambda: csv_of(rows, csv.QUOTE_ALL),
        "strings quoted, numbers bare": lambda: csv_of(rows, csv.QUOTE_NONNUMERIC),
        "every cell quoted, CRLF": lambda: csv_of(rows, csv.QUOTE_ALL, "\r\n"),
        "a row in a thousand with a comma quoted": lambda: csv_of(with_comma(rows, 1_000), csv.QUOTE_MINIMAL),
        "every row with a comma quoted": lambda: csv_of(with_comma(rows, 1), csv.QUOTE_MINIMAL),
        "bare, gzip": lambda: gzip.compress(csv_of(rows, csv.QUOTE_MINIMAL), 6),
    }
    files = {name: make() for name, make in shapes.items()}
    seconds: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(options.runs):
        for name, data in files.items():
            seconds[name].append(read(data, options.rows))
    rates = {name: round(options.rows / statistics.median(taken)) for name, taken in seconds.items()}
    figures = {"rows": options.rows, "runs": options.runs, "rows_a_processor_second": rates}
    write("shapes", figures, uses_database=False)


def make_rows(count: int) -> list[list]:
    """The rows of bench.world's files: 20,000 series, a day after the other."""
    values = random.Random(1)  # noqa: S311 - figures, not secrets
    return [
        [
            f"2024-{1 + number // 20_000 // 28 % 12:02}-{1 + number // 20_000 % 28:02}",
            f"team-{number % 200}",
            f"env-{number // 200 % 4}",
            f"feature-{number // 800 % 25}",
            values.randint(0, 10**11) / 100,
        ]
        for number in range(count)
    ]


def with_comma(rows: list[list], every: int) -> list[list]:
    return [
        [*row[:3], f"{row[3]}, new", row[4]] if number % every == 0 else row
        for number, row in enumerate(rows)
    ]


def csv_of(rows: list[list], quoting: int, line_end: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator=line_end)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


def read(data: bytes, rows: int) -> float:
    """Processor seconds until the last of the file's points is ready."""
    started = time.process_time()
    reader = PointReader(io.BytesIO(data), mapping=MAPPING)
    for _ in reader:
        pass
    if (reader.rows_read, reader.rows_rejected) != (rows, 0):
        raise RuntimeError(f"{reader.rows_read} rows read, {reader.rows_rejected} rejected, of {rows}")
    return time.process_time() - started


if __name__ == "__main__":
    main()
