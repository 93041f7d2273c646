"""A reader ahead of the writer ends when nobody wants it any more, whatever the file is like."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from ingestion.ahead import FileReader, Known
from tests.csvfiles.hostile import HEADER, MAPPING, MB, MadeStream, repeat, zip_bomb


def announce(chunks: Iterator[bytes], begun: threading.Event) -> Iterator[bytes]:
    """The chunks; the event is set once a few of them were asked for."""
    for number, chunk in enumerate(chunks):
        if number == 3:
            begun.set()
        yield chunk


@pytest.mark.parametrize(
    "make",
    [
        lambda: itertools.chain([HEADER], repeat(b"\n", 10_000 * MB)),
        lambda: itertools.chain([HEADER], repeat(b"x\n", 10_000 * MB)),
        lambda: zip_bomb(b"\n")(1_000_000 * MB),
    ],
    ids=["empty lines", "rejected rows", "gzip bomb"],
)
def test_a_file_that_has_no_batch_for_long_is_left_when_asked(make, settings):
    settings.CSV_MAX_UNPACK_RATIO = 10**6
    begun = threading.Event()
    stream = MadeStream(announce(make(), begun))
    bucket = SimpleNamespace(open_stream=lambda _version: stream)
    reader = FileReader(bucket=bucket, version=None, mapping=MAPPING, known=Known())
    begun.wait()
    reader.close()
    assert stream.closed
    assert stream.bytes_read < 1_000 * MB
    assert reader.result is None
