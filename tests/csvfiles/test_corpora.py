"""The files of other CSV parsers' test suites: read exactly, and told in the words of `expected.csv`.

Written anew by `python -m tests.csvfiles.test_corpora`; read the difference before keeping it.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from csvfiles.sample import Sample, sample_file
from csvfiles.trial import guess_type, try_date_formats, try_mapping
from tests.csvfiles.comparing import compare, read

FOLDER = Path(__file__).parent / "corpora"
OTHERS = {"README.md", "LICENSE", "LICENSE.md", "expected.csv"}
FILES = sorted(
    path for path in FOLDER.glob("*/*") if path.name not in OTHERS and path.suffix in (".csv", ".tsv", ".gz")
)


@dataclass(frozen=True)
class Seen:
    """What becomes of a file: by the wizard's sample, then by a sync of the mapping that it suggests."""

    file: str
    ends: str  # "read" or the code of its failure
    columns: str = ""
    rows: str = ""
    ragged: str = ""
    mapping: str = ""  # date column, date format and metric
    accepted: str = ""


def sample(data: bytes) -> Sample:
    return sample_file(lambda start, length: data[start : start + length], key="a.csv", size=len(data))


def suggest_mapping(found: Sample) -> Mapping:
    """As somebody in a hurry fills in the wizard: the first date, the last number, what is between."""
    cells = {name: [row.cells[position] for row in found.rows] for position, name in enumerate(found.columns)}
    kinds = {name: guess_type(values) for name, values in cells.items()}
    dated = next((name for name, kind in kinds.items() if kind == "date"), found.columns[0])
    left = [name for name in reversed(found.columns) if name != dated]
    metric = next((name for name in left if kinds[name] == "number"), left[0])
    best = max(try_date_formats(cells[dated]), key=lambda trial: trial.parsed)
    others = tuple(name for name in found.columns if name not in (dated, metric))
    return Mapping(dated, best.date_format, others[:10], metric)


def look(path: Path) -> Seen:
    data, name = path.read_bytes(), path.name
    try:
        found = sample(data)
    except FileError as error:
        return Seen(name, error.code)
    shape = (str(len(found.columns)), str(len(found.rows)), str(found.ragged))
    if len(found.columns) == 1:
        return Seen(name, "read", *shape)
    mapping = suggest_mapping(found)
    reader, _, _ = read(data, mapping, Limits())
    chosen = f"{mapping.date_column} as {mapping.date_format}, {mapping.metric_column}"
    return Seen(name, "read", *shape, chosen, str(reader.rows_read - reader.rows_rejected))


def list_expected() -> dict[str, Seen]:
    expected = {}
    for table in FOLDER.glob("*/expected.csv"):
        with table.open(encoding="utf-8", newline="") as lines:
            expected |= {f"{table.parent.name}/{row['file']}": Seen(**row) for row in csv.DictReader(lines)}
    return expected


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_file_ends_as_expected(path):
    assert look(path) == list_expected()[name_of(path)]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_reader_and_model_agree(path):
    """By the columns suggested, and by others; in one block and in many."""
    data = path.read_bytes()
    try:
        found = sample(data)
    except FileError as error:
        ends = compare(data, Mapping("date", "yyyy-MM-dd", (), "value"), Limits())
        # Not all of them get as far as a row that is not UTF-8; and without the names that are wanted, where
        # the header seems to stand is a guess that blocks the wizard alone.
        others = {"missing_column", "space_in_name"} if error.code == "late_header" else {"missing_column"}
        assert ends in {error.code, *others}
        return
    first, *_, last = (*found.columns, "another")
    mappings = [Mapping(first, "yyyy/M/d", (), last), Mapping(last, "yyyy-MM-dd", (), first)]
    if len(found.columns) > 1:
        mappings.append(suggest_mapping(found))
        trial = try_mapping(
            [dict(zip(found.columns, row.cells, strict=True)) for row in found.rows], mappings[-1]
        )
        reader, _, _ = read(data, mappings[-1], Limits())
        assert reader.rows_read - reader.rows_rejected == trial.accepted
    for mapping in mappings:
        for block_bytes in (32, 2**21):
            compare(data, mapping, Limits(block_bytes=block_bytes))


SPECTRUM = [path for path in FILES if path.parent.name == "csv-spectrum"]


@pytest.mark.parametrize("path", SPECTRUM, ids=name_of)
def test_the_cells_of_csv_spectrum_are_those_of_its_json(path):
    try:
        found = sample(path.read_bytes())
    except FileError as error:
        assert (path.stem, error.code) == ("location_coordinates", "space_in_name")  # our rule, not its
        return
    rows = [dict(zip(found.columns, row.cells, strict=True)) for row in found.rows]
    assert rows == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def main() -> None:
    for folder in sorted({path.parent for path in FILES}):
        with (folder / "expected.csv").open("w", encoding="utf-8", newline="") as table:
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow(Seen.__dataclass_fields__)
            for path in FILES:
                if path.parent == folder:
                    seen = look(path)
                    writer.writerow([getattr(seen, name) for name in Seen.__dataclass_fields__])


if __name__ == "__main__":
    main()
