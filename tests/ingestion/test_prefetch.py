"""A reader ahead of the writer ends when nobody wants it any more, whatever the file is like."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from ingestion.prefetch import FilePrefetch, Waiting
from ingestion.read import Reading
from telemetry.blocks import BlockWriter
from telemetry.dataset import Shared, TelemetryDataset
from tests.csvfiles.hostile import HEADER, MAPPING, MB, ROW, MadeStream, repeat, zip_bomb


def of_telemetry() -> dict[str, object]:
    return {"dataset": TelemetryDataset(), "shared": Shared(MAPPING)}


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
    reader = FilePrefetch(bucket=bucket, version=None, **of_telemetry())
    begun.wait()
    reader.close()
    assert stream.closed
    assert stream.bytes_read < 1_000 * MB
    assert reader.result is None


def test_files_are_read_one_after_the_other_however_many_have_been_begun():
    opened: list[int] = []
    go_on = [threading.Event() for _ in range(3)]

    def open_stream(number):
        opened.append(number)
        go_on[number].wait(10)
        return MadeStream(iter([HEADER]))

    bucket, readers = SimpleNamespace(open_stream=open_stream), []
    for number in range(3):
        after = readers[-1] if readers else None
        readers.append(FilePrefetch(bucket=bucket, version=number, **of_telemetry(), after=after))
    for number, reader in enumerate(readers):
        assert len(opened) <= number + 1  # those after it wait, although nobody told them to
        go_on[number].set()
        assert sum(batch.points.height for batch in reader.batches(while_waiting=lambda: None)) == 0
        reader.close()
    assert opened == [0, 1, 2]


def test_one_that_waits_for_its_turn_opens_nothing_once_it_is_not_wanted():
    opened: list[int] = []
    go_on = threading.Event()

    def open_stream(number):
        opened.append(number)
        go_on.wait(10)
        return MadeStream(iter([HEADER]))

    bucket = SimpleNamespace(open_stream=open_stream)
    first = FilePrefetch(bucket=bucket, version=0, **of_telemetry())
    second = FilePrefetch(bucket=bucket, version=1, **of_telemetry(), after=first)
    second.stop()
    go_on.set()
    first.close()
    second.close()
    assert opened in ([], [0])


class WatchedWaiting(Waiting):
    """`refused` is set once a file was not begun since too many points wait."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = threading.Event()

    def wait_for_few(self, seconds: float) -> bool:
        if not super().wait_for_few(0):
            self.refused.set()
        return super().wait_for_few(seconds)


def test_no_further_file_is_begun_while_many_points_wait_to_be_written(monkeypatch):
    monkeypatch.setattr("ingestion.prefetch.POINTS_AHEAD", 0)
    opened: list[int] = []

    def open_stream(number):
        opened.append(number)
        return MadeStream(iter([HEADER, ROW]))

    shared = {"bucket": SimpleNamespace(open_stream=open_stream), **of_telemetry()}
    waiting = WatchedWaiting()
    first = FilePrefetch(version=0, waiting=waiting, **shared)
    second = FilePrefetch(version=1, waiting=waiting, after=first, **shared)
    assert waiting.refused.wait(10)
    assert opened == [0]
    for reader in (first, second):
        assert sum(batch.points.height for batch in reader.batches(while_waiting=lambda: None)) == 1
        reader.close()
    assert opened == [0, 1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("bytes_ahead", "fewest", "most"), [(8 * 2**20, 16, 32), (1, 2, 2)])
def test_small_files_are_begun_before_the_first_of_them_is_written(
    bench, monkeypatch, bytes_ahead, fewest, most
):
    monkeypatch.setattr("ingestion.batches.BYTES_AHEAD", bytes_ahead)
    for number in range(64):
        bench.put(f"{number:02}.csv", f"date,team,requests\n2024-05-01,team-{number},5\n")
    begun: list[str] = []
    begun_at_first_write: list[int] = []
    start, write = Reading.start, BlockWriter.add

    def note_start(reading, run_file, **more):
        begun.append(run_file.key)
        return start(reading, run_file, **more)

    def note_write(*arguments, **more):
        begun_at_first_write.append(len(begun))
        return write(*arguments, **more)

    monkeypatch.setattr(Reading, "start", note_start)
    monkeypatch.setattr(BlockWriter, "add", note_write)
    assert bench.sync().files_read == 64
    assert fewest <= begun_at_first_write[0] <= most
    assert len(begun) == len(set(begun)) == 64
