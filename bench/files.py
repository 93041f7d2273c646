"""Made-up CSV files, the same at every call: `python -m bench.files FOLDER --series N --days N`.

A process of its own, so that the memory it takes is not inherited by those that are measured (bench.cost).
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from bench.world import FIRST_DAY

HEADER = "date,team,environment,feature,requests\n"
MOST = 10**11  # of hundredths: values of up to nine digits and two decimals


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.files")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--series", type=int, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--kind", choices=["many", "one", "both"], default="both")
    options = parser.parse_args()
    make_files(options.folder, series=options.series, days=options.days, kind=options.kind)


def make_files(folder: Path, *, series: int, days: int, kind: str = "both") -> None:
    """`many/`: a file a day; `one/`: the same rows in one file. Rows of about 49 bytes."""
    names = _name_series(series)
    for name in ("many", "one"):
        if kind in (name, "both"):
            (folder / name).mkdir(parents=True)
    for number in range(days):
        day = FIRST_DAY + timedelta(number)
        lines = _make_lines(names, day)
        if kind != "one":
            (folder / "many" / f"{day}.csv").write_text(HEADER + lines, encoding="utf-8")
        if kind != "many":
            with (folder / "one" / "all.csv").open("a", encoding="utf-8") as one:
                one.write(lines if number else HEADER + lines)


def _name_series(series: int) -> pl.DataFrame:
    """200 teams, 4 environments, and as many features as it takes."""
    index = pl.int_range(series, dtype=pl.Int64)
    return pl.select(
        index=index,
        team=pl.format("team-{}", index % 200),
        environment=pl.format("env-{}", index // 200 % 4),
        feature=pl.format("feature-{}", index // 800),
    )


def _make_lines(names: pl.DataFrame, day: date) -> str:
    cents = pl.col("index").hash(seed=day.toordinal()) % MOST
    value = pl.format("{}.{}", cents // 100, (cents % 100).cast(pl.String).str.zfill(2))
    rows = names.select(pl.lit(day.isoformat()), "team", "environment", "feature", value.alias("requests"))
    return rows.write_csv(include_header=False)


if __name__ == "__main__":
    main()
