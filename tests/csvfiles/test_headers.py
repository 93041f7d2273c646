"""The first row of a file, and header rows amid its data: what each is told to be."""

from __future__ import annotations

import unicodedata

import pytest

from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from csvfiles.sample import Sample, sample_file
from csvfiles.spelling import quote_name
from tests.csvfiles.comparing import compare, read

MAPPING = Mapping("date", "yyyy-MM-dd", ("team",), "requests")
HEADER = "date,team,requests\n"
ROW = "2024-05-01,core,5\n"


def fail(text: str | bytes, mapping: Mapping = MAPPING) -> FileError:
    """How the file fails, whatever the size of blocks."""
    data = text.encode() if isinstance(text, str) else text
    for block_bytes in (20, 1_000_000):
        with pytest.raises(FileError) as raised:
            read(data, mapping, Limits(block_bytes=block_bytes))
        assert compare(data, mapping, Limits(block_bytes=block_bytes)) == raised.value.code
    assert len(str(raised.value)) < 2_000
    return raised.value


def look(text: str, **options) -> Sample:
    data = text.encode()
    return sample_file(
        lambda start, length: data[start : start + length], key="a.csv", size=len(data), **options
    )


# --- a mapped column that is missing ---
@pytest.mark.parametrize(
    ("name", "spelled", "difference"),
    [
        ("Date", '"Date"', "case"),
        ("\ufeffdate", '"date" (with U+FEFF BYTE ORDER MARK at its beginning)', "a byte order mark"),
        ("\u00ef\u00bb\u00bfdate", '"\u00ef\u00bb\u00bfdate"', "a byte order mark"),
        ("date\u200b", '"date" (with U+200B ZERO WIDTH SPACE at its end)', "characters that cannot be seen"),
        ("da\u00adte", '"date" (with U+00AD SOFT HYPHEN after "da")', "characters that cannot be seen"),
        ("\u202adate", "U+202A LEFT-TO-RIGHT EMBEDDING at its beginning", "characters that cannot be seen"),
        ("date\u200e", "U+200E LEFT-TO-RIGHT MARK at its end", "characters that cannot be seen"),
        ("date\u2060", "U+2060 WORD JOINER at its end", "characters that cannot be seen"),
        ("'date'", "\"'date'\"", "quotes around it"),
        ("“date”", '"“date”"', "quotes around it"),
        ("ｄａｔｅ", '"ｄａｔｅ"', "its Unicode normal form"),
        ("'DATE'", "\"'DATE'\"", "quotes around it and case"),
        ("d\u0430te", '"d\u0430te"', "U+0430 CYRILLIC SMALL LETTER A"),
    ],
)
def test_a_name_that_nearly_is_the_missing_one_is_told_with_the_difference(name, spelled, difference):
    error = fail(f'x,"{name}",team,requests\n1,2024-05-01,core,5\n')
    assert error.message.startswith('The file has no column "date". Its columns: "x", "')
    assert spelled in error.message
    assert f'differs from "date" only by {difference}.' in error.message


def test_a_name_in_another_normal_form_is_told():
    mapping = Mapping("date", "yyyy-MM-dd", ("café",), "requests")
    error = fail(f"date,{unicodedata.normalize('NFD', 'café')},requests\n", mapping)
    assert 'differs from "café" only by its Unicode normal form.' in error.message


def test_a_byte_order_mark_at_the_start_is_none_of_the_name_and_a_second_one_is():
    assert compare(b"\xef\xbb\xbf" + (HEADER + ROW).encode(), MAPPING, Limits()) == "read"
    assert "only by a byte order mark" in fail("\ufeff\ufeff" + HEADER + ROW).message


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("date\t", '"date" (with U+0009 TAB at its end)'),
        ("date\u00a0", '"date" (with U+00A0 NO-BREAK SPACE at its end)'),
        (" date", '"date" (with U+0020 SPACE at its beginning)'),
        ("da te", '"da te"'),
        ("da\u3000te", '"date" (with U+3000 IDEOGRAPHIC SPACE after "da")'),
    ],
)
def test_spaces_in_a_name_fail_with_the_name_and_what_is_not_seen_of_them(name, spelled):
    error = fail(f'"{name}",team,requests\n')
    assert (error.code, error.message) == (
        "space_in_name",
        f"Column names must not contain spaces: {spelled}.",
    )


def test_every_name_of_the_file_is_listed_up_to_ten():
    error = fail("day," + ",".join(f"c{number}" for number in range(20)) + "\n")
    assert error.message == (
        'The file has no column "date", "team", "requests". '
        'Its columns: "day", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8" and 11 more.'
    )


def test_the_cells_of_a_row_of_data_are_not_listed():
    for row in ("2024-05-01,alice@example.com,5\n", "alice@example.com,2024-05-01T05:00:00Z,many\n"):
        error = fail(row * 3)
        assert error.code == "no_header"
        assert "alice" not in str(error)


@pytest.mark.parametrize(
    "above", ["Usage report\n", "Report,,\n", "\n\n", "Report\r\n\r\nMay\r\n", '"a ""b"\n', "1,2\n"]
)
def test_a_header_in_a_later_line_is_told_with_the_line(above):
    error = fail(above + HEADER + ROW)
    assert error.code == "late_header"
    assert f"stands in line {above.count(chr(10)) + 1}, not in line 1" in error.message
    with pytest.raises(FileError):
        look(above + HEADER + ROW * 2)


def test_the_header_in_a_later_line_may_have_another_delimiter_than_the_title():
    assert "stands in line 2" in fail("a,b,c\n" + HEADER.replace(",", ";") + ROW).message


def test_without_a_mapping_a_title_above_is_told_by_the_rows():
    with pytest.raises(FileError, match=r'seems to stand in line 2 \("date", "team", "requests"\)'):
        look("Report\n" + HEADER + ROW)
    assert look("Report\n" + HEADER + ROW, known=["Report"]).columns == ("Report",)
    assert look("a,b,c\n1,2,3,\n4,5,6,\n").ragged == 2


@pytest.mark.parametrize(
    "line", ["sep=;", "SEP=,", '"sep=;"', "sep=\t", "sep=\\t", "sep=", "sep=,,,", "\ufeffsep=|"]
)
def test_excels_hint_is_told_as_such(line):
    error = fail(f"{line}\n{HEADER}{ROW}")
    assert error.code == "sep_line"
    assert error.remedy == "Delete that line from the export."
    with pytest.raises(FileError, match="a hint for Excel, not the header"):
        look(f"{line}\r\n{HEADER}{ROW}")


def test_a_column_may_be_called_so():
    mapping = Mapping("date", "yyyy-MM-dd", ("sep=",), "requests")
    assert compare(b"date,sep=,requests\n2024-05-01,a,1\n", mapping, Limits()) == "read"


# --- the delimiter ---
ODD = Mapping("date", "yyyy-MM-dd", (), "api|v1|calls|total")


def test_the_delimiter_is_the_one_under_which_the_mapped_columns_are_found():
    text = "date,api|v1|calls|total\n2024-05-01,5\n"
    for data in (text, text.split("\n", maxsplit=1)[0], text.replace("5\n", "5\n" * 3)):
        assert compare(data.encode(), ODD, Limits()) == "read"
    assert list(read(text.encode(), ODD, Limits())[1].values()) == [5]


def test_without_a_mapping_the_rows_tell_the_delimiter():
    found = look("date,api|v1|calls|total\n2024-05-01,5\n2024-05-02,6\n")
    assert found.columns == ("date", "api|v1|calls|total")
    assert look("date;a,b;c,d,e\n2024-05-01;1,5;2\n").columns == ("date", "a,b", "c,d,e")


def test_a_file_of_a_header_alone_is_split_as_those_that_it_is_like():
    header = "date,api|v1|calls|total\n"
    assert look(header).columns == ("date,api", "v1", "calls", "total")
    assert look(header, known=["date", "api|v1|calls|total"]).columns == ("date", "api|v1|calls|total")


def test_of_delimiters_that_split_the_rows_alike_the_most_frequent_is_taken():
    assert look("a,b,c|d\n").columns == ("a", "b", "c|d")
    assert look("a,b|c\n1,2|3\n").columns == ("a", "b|c")


# --- a header amid the data ---
@pytest.mark.parametrize(
    "again",
    [
        HEADER,
        "\ufeff" + HEADER,
        '"date","team","requests"\n',
        "Date,Team,Requests\n",
        "date,team,requests\u200b\n",
        "DATE , TEAM, requests\r\n",
    ],
)
def test_a_row_that_repeats_the_header_is_a_rejected_row_with_that_reason(again):
    data = (HEADER + ROW + again + ROW).encode()
    assert compare(data, MAPPING, Limits()) == "read"
    reader, _, rejected = read(data, MAPPING, Limits())
    assert rejected == {3: "the row repeats the header"}
    assert reader.rows_read == 3
    found = look(data.decode())
    assert (len(found.rows), found.headers, found.ragged) == (2, 1, 0)


@pytest.mark.parametrize(
    "other",
    ["team,date,requests\n", "date,requests,team\n", "Requests,Date,Team\n", "date,region,requests\n"],
)
def test_another_header_amid_the_data_fails_the_file_and_names_its_columns(other):
    error = fail(HEADER + ROW + other + "core,2024-05-01,5\n")
    assert error.code == "another_header"
    assert error.message.startswith("Row 3 is another header: its columns are ")


def test_the_sample_fails_by_the_same_names_in_another_order():
    with pytest.raises(FileError, match="Row 3 is another header"):
        look(HEADER + ROW + "team,date,requests\n" + ROW)


def test_below_a_header_of_another_width_every_row_is_rejected():
    data = (HEADER + ROW + "date,region,team,requests\n2024-05-01,eu,core,5\n").encode()
    _, points, rejected = read(data, MAPPING, Limits())
    assert (len(points), list(rejected)) == (1, [3, 4])
    assert compare(data, MAPPING, Limits()) == "read"


def test_a_row_of_types_below_the_header_is_a_rejected_row():
    _, _, rejected = read((HEADER + "date,string,bigint\n" + ROW).encode(), MAPPING, Limits())
    assert rejected == {2: "the date is not in the format yyyy-MM-dd"}


# --- line ends ---
@pytest.mark.parametrize(
    "text",
    [
        HEADER.replace("\n", "\r") + ROW.replace("\n", "\r"),
        HEADER.replace("\n", "\r") + ROW,
        HEADER + ROW.replace("\n", "\r") * 3,
        HEADER + ROW + ROW.replace("\n", "\r") * 2 + "\n" + ROW,
        HEADER + '"2024-05-01","core","5"\r' * 3,
        HEADER + ROW.replace("\n", "\r") * 70_000,
    ],
)
def test_lines_that_end_with_cr_are_told_wherever_they_are(text):
    error = fail(text)
    assert error.code == "line_ends"
    assert "with CR alone" in error.message
    with pytest.raises(FileError, match="CR alone"):
        look(text)


def test_a_stray_cr_within_a_row_rejects_that_row_alone():
    _, points, rejected = read((HEADER + "2024-05-01,co\rre,5\n" + ROW).encode(), MAPPING, Limits())
    assert rejected == {2: "the row has a carriage return outside quotes"}
    assert len(points) == 1


def test_a_long_name_is_spelled_in_short():
    assert len(quote_name("\u200b" * 1_000)) < 400
