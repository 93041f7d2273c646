"""What fuzzing and hostile files have found, one case each."""

from __future__ import annotations

import gzip

import pytest

from csvfiles import sample
from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from csvfiles.sample import sample_file
from tests.csvfiles.comparing import compare, read

MAPPING = Mapping("date", "yyyy-MM-dd", ("team",), "requests")
HEADER = "team,date,requests\n"


def list_teams(rows: str, **limits: int) -> list[str]:
    """The teams of rows that are all accepted, whatever the size of blocks."""
    data = (HEADER + rows).encode()
    for block_bytes in (1, 40, 1_000_000):
        assert compare(data, MAPPING, Limits(block_bytes=block_bytes, **limits)) == "read"
    reader, points, _ = read(data, MAPPING, Limits(**limits))
    assert reader.rows_rejected == 0
    return [team for _, (team,) in points]


def sampled(data: bytes) -> sample.Sample:
    return sample_file(lambda start, length: data[start : start + length], key="a.csv", size=len(data))


@pytest.mark.parametrize("row", ["\ufeffcore,2024-05-01,5\n", '"\ufeffcore",2024-05-01,5\n'])
def test_a_byte_order_mark_at_the_start_of_a_block_belongs_to_its_cell(row):
    assert list_teams(row) == ["\ufeffcore"]


@pytest.mark.parametrize("character", "\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029")
def test_what_python_takes_for_a_line_end_is_none(character):
    teams = [f"a{character}b", f"{character}", f"a,{character}b"]
    rows = "".join(f'{team},2024-05-01,1\n"{team}",2024-05-02,1\n' for team in teams[:2])
    assert sorted(list_teams(rows)) == sorted([*teams[:2], *teams[:2]])
    assert list_teams(f'"{teams[2]}",2024-05-01,1\n') == [teams[2]]


def test_a_character_cut_in_two_by_a_block_is_whole_again():
    rows = "é💶ツ,2024-05-01,1\n"
    for block_bytes in range(1, 30):
        assert compare((HEADER + rows * 3).encode(), MAPPING, Limits(block_bytes=block_bytes)) == "read"
    assert list_teams(rows) == ["é💶ツ"]


def test_quoted_line_ends_stay_as_they_are():
    assert list_teams('"a\r\nb","2024-05-01","1"\r\n') == ["a\r\nb"]
    assert list_teams('"a\nb","2024-05-01","1"\r\n') == ["a\nb"]
    assert list_teams('"a\nb","2024-05-01","1"\n') == ["a\nb"]


def test_quotes_delimiters_and_line_ends_in_quotes_survive_together():
    team = 'say "a,b"\n"" and "'
    quoted = team.replace('"', '""')
    assert list_teams(f'"{quoted}",2024-05-01,1\n') == [team]


def test_zero_with_an_exponent_beyond_all_bounds_is_zero():
    assert list_teams("core,2024-05-01,0e99999999999999999999\n") == ["core"]


@pytest.mark.parametrize("block_bytes", [1, 16, 64, 1_000_000])
@pytest.mark.parametrize("end", ["", '",5\n'])
def test_how_a_long_row_fails_does_not_depend_on_blocks(block_bytes, end):
    data = (HEADER + '"' + "x" * 40 + "\n\n" + end).encode()
    limits = Limits(row_bytes=32, block_bytes=block_bytes)
    assert compare(data, MAPPING, limits) == "row_too_long"
    data = (HEADER + '"' + "x\n" * 40 + "\n\n" + end).encode()
    assert compare(data, MAPPING, limits) == "quote_never_closes"


def test_the_row_that_is_not_utf8_is_counted_in_rows_and_not_in_lines():
    data = (HEADER + '"a\nb",2024-05-01,1\nx,2024-05-01,1,\n').encode() + b"caf\xe9,2024-05-01,1\n"
    with pytest.raises(FileError, match="row 4 has the byte 0xE9"):
        read(data, MAPPING, Limits())


def test_rows_of_nul_bytes_do_not_make_a_file_utf16():
    data = HEADER.encode() + b"\0,\0\0\0\0,\0\n" * 500
    reader, _, _ = read(data, MAPPING, Limits())
    assert (reader.rows_read, reader.rows_rejected) == (500, 500)


@pytest.mark.parametrize("name", ["BZhours", "PAR1", "PKs", "%PDFs"])
def test_a_column_may_be_called_like_the_start_of_another_kind_of_file(name):
    data = f"{name},date,team,requests\n1,2024-05-01,core,5\n".encode()
    assert compare(data, MAPPING, Limits()) == "read"
    assert sampled(data).columns[0] == name


TWICE_PACKED = gzip.compress(gzip.compress(b"date,team,requests\n", mtime=0), mtime=0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            gzip.compress(gzip.compress(b"date,team,requests\n", mtime=0), mtime=0),
            "a gzip file within a gzip file",
        ),
        (b"BZh91AY&SY\x00", "a bzip2 archive"),
        ("date,team\n".encode("utf-32"), "UTF-32"),
        (b"\0\0\xfe\xff" + "date,team\n".encode("utf-32-be"), "UTF-32"),
        ("\ufeffdate,team\n".encode("utf-16-be"), "UTF-16"),
    ],
)
def test_what_the_file_is_instead_is_named(data, message):
    with pytest.raises(FileError, match=message):
        read(data, MAPPING, Limits())


def test_a_name_longer_than_the_csv_module_likes_is_a_name():
    name = "x" * 200_000
    assert sampled(f"{name},date\n1,2\n".encode()).columns == (name, "date")


def test_the_sample_of_a_gzip_file_goes_beyond_its_first_member(monkeypatch):
    monkeypatch.setattr(sample, "HEAD_BYTES", 2_000)
    rows = [f"2024-05-01,team{number},{number * 7919 % 1009}\n".encode() for number in range(1_000)]
    data = gzip.compress(b"date,team,requests\n") + b"".join(map(gzip.compress, rows))
    assert len(sampled(data).rows) > 10


def test_an_empty_line_is_no_row_in_the_sample_of_a_single_column():
    assert [row.cells for row in sampled(b"date\n\n2024-05-01\n\n").rows] == [("2024-05-01",)]


def test_the_sample_of_a_header_longer_than_its_look_is_that_header(monkeypatch):
    monkeypatch.setattr(sample, "HEAD_BYTES", 20)
    found = sampled(b"date,team,requests,another,column\n2024-05-01,core,5,6,7\n")
    assert len(found.columns) == 5
