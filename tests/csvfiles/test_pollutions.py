"""One file polluted in the ways that the Pollock benchmark found in public data: what each comes to.

(Vitagliano et al., Pollock: A Data Loading Benchmark, VLDB 2023: its list of ways; the files are made here.)
"""

from __future__ import annotations

import pytest

from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from tests.csvfiles.comparing import compare, read

MAPPING = Mapping("date", "yyyy-MM-dd", ("team",), "requests")
HEADER = "date,team,requests\n"
ROWS = "".join(f'2024-05-{day:02},"core, {day}",{day}.5\n' for day in range(1, 11))
CLEAN = HEADER + ROWS
TEN, NONE = (10, 0), (0, 0)


def change_row(old: str, new: str) -> str:
    """The file with its fifth row changed."""
    fifth = '2024-05-05,"core, 5",5.5\n'
    return CLEAN.replace(fifth, fifth.replace(old, new))


@pytest.mark.parametrize(
    ("text", "accepted", "rejected"),
    [
        pytest.param(CLEAN, *TEN, id="clean"),
        pytest.param(CLEAN.rstrip("\n"), *TEN, id="no line end at the end"),
        pytest.param(CLEAN + "\n", *TEN, id="two line ends at the end"),
        pytest.param(CLEAN.replace("\n", "\r\n"), *TEN, id="lines end with CR LF"),
        pytest.param(CLEAN + "\x00\n", 10, 1, id="a NUL at the end"),
        pytest.param(HEADER, *NONE, id="a header alone"),
        pytest.param(HEADER + '2024-05-01,"core",1\n', 1, 0, id="one row"),
        pytest.param(CLEAN.replace('"', ""), 0, 10, id="delimiters in cells without quotes"),
        pytest.param(CLEAN.replace('"', "'"), 0, 10, id="quoted with apostrophes"),
        pytest.param(CLEAN.replace(",", ";").replace("core;", "core,"), *TEN, id="semicolons"),
        pytest.param(CLEAN.replace(",", "\t"), *TEN, id="tabs"),
        pytest.param(CLEAN.replace("core, ", 'core ""'), *TEN, id="quotes in cells, written as two"),
        pytest.param(CLEAN.replace("core, ", 'core \\"'), 0, 10, id="quotes in cells after a backslash"),
        pytest.param(CLEAN + HEADER + ROWS, 20, 1, id="a second table below, of the same columns"),
        pytest.param(CLEAN + "\na,b\n1,2\n", 10, 2, id="a second table below, of fewer columns"),
        pytest.param(CLEAN + "\na,b,c,d\n1,2,3,4\n", 10, 2, id="a second table below, of more columns"),
        pytest.param(HEADER + "(UTC),,(count)\n" + ROWS, 10, 1, id="a header of two rows"),
        pytest.param(CLEAN + "Total,,55\n", 10, 1, id="a footnote"),
        pytest.param(change_row(",5.5", ",5.5,"), 9, 1, id="a delimiter too many"),
        pytest.param(change_row(",5.5", "5.5"), 9, 1, id="a delimiter missing"),
        pytest.param(change_row('"core', '""core'), 9, 1, id="a quote too many at the beginning"),
        pytest.param(change_row('5"', '"5"'), 9, 1, id="a quote too many within"),
        pytest.param(change_row("2024-05-05", '"2024-05-05'), 9, 1, id="a quote opened too early"),
        pytest.param(change_row("5.5", '5.5"'), 9, 1, id="a quote too many at the end of a bare cell"),
        pytest.param(change_row(",5.5", ",\r5.5"), 9, 1, id="a carriage return within"),
        pytest.param(change_row("\n", ""), 8, 1, id="a line end missing"),
        pytest.param(change_row(",5.5", "\n,5.5"), 9, 2, id="a line end too many"),
    ],
)
def test_what_can_be_read_is_read_and_the_rest_rejected_row_by_row(text, accepted, rejected):
    reader, _, _ = read(text.encode(), MAPPING, Limits())
    assert (reader.rows_read - reader.rows_rejected, reader.rows_rejected) == (accepted, rejected)
    for block_bytes in (20, 1_000_000):
        assert compare(text.encode(), MAPPING, Limits(block_bytes=block_bytes)) == "read"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("", "empty", id="nothing"),
        pytest.param(ROWS, "no_header", id="no header"),
        pytest.param("Usage report\n\n" + CLEAN, "late_header", id="a title above"),
        pytest.param("\n" + CLEAN, "late_header", id="an empty line above"),
        pytest.param(CLEAN.replace("\n", "\r"), "line_ends", id="lines end with CR"),
        pytest.param(
            HEADER + ROWS.replace("\n", "\r"), "line_ends", id="all lines but the first end with CR"
        ),
        pytest.param(CLEAN + ROWS.replace("\n", "\r"), "line_ends", id="a part whose lines end with CR"),
        pytest.param(change_row("\n", "\r"), "line_ends", id="one line that ends with CR"),
        pytest.param(CLEAN.replace("\n", "\r", 1), "line_ends", id="a header that ends with CR"),
        pytest.param(
            CLEAN + "team,date,requests\n" + ROWS, "another_header", id="a second table below, in other order"
        ),
        pytest.param("sep=,\n" + CLEAN, "sep_line", id="a hint for Excel above"),
        pytest.param(CLEAN.replace(",", " "), "space_in_name", id="spaces as delimiters"),
        pytest.param(CLEAN.replace("requests\n", "team\n"), "duplicate_name", id="a name twice"),
        pytest.param(CLEAN.replace("team,", ","), "empty_name", id="a name missing"),
        pytest.param(CLEAN.replace("team,", "TEAM,"), "missing_column", id="a name in other letters"),
        pytest.param(change_row('5"', "5"), "quote_never_closes", id="a closing quote missing"),
    ],
)
def test_what_cannot_be_read_row_by_row_fails_by_name(text, code):
    for block_bytes in (20, 1_000_000):
        assert compare(text.encode(), MAPPING, Limits(block_bytes=block_bytes)) == code
