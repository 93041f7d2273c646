"""What a kind of source has to say for its files to be ingested, and which kinds there are.

Telemetry and costs each implement `Dataset` and register it when their app is ready. What is the same for all
of them (which versions are read, by whom, when they count) is ingestion's; should it ever have to ask which
kind it has, this protocol is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from accounts.models import Account
    from audit.snapshots import Values
    from endpoints.objects import S3Object
    from ingestion.models import Run, Source, SourceFile


@dataclass(frozen=True, slots=True)
class Delivery:
    """The versions that are one statement of their `partition`; `ignored`: why they are not to be read."""

    partition: str
    versions: Sequence[S3Object]
    ignored: str = ""


class Rejected(Protocol):
    """A row that could not be used: the header is row 1; `cells` are the raw texts that are kept of it."""

    @property
    def row_number(self) -> int: ...

    @property
    def reason(self) -> str: ...

    @property
    def cells(self) -> dict[str, str]: ...


class CannotReproject(Exception):
    """What is stored of a file does not fit the new understanding; the text names the file and the remedy."""


class RowBatch(Protocol):
    """Some of what a file holds, on its way to the dataset's writer. `size`: what it takes, in points."""

    @property
    def size(self) -> int: ...

    @property
    def rejects(self) -> Sequence[Rejected]: ...


class Reader(Protocol):
    """A file being read: batches, and once they have ended what the whole came to."""

    @property
    def rows_read(self) -> int: ...

    @property
    def rows_rejected(self) -> int: ...

    @property
    def rows_repeated(self) -> int:
        """Rows equal to an earlier one in all but the measure."""

    @property
    def reasons(self) -> Mapping[str, int]:
        """Rejected rows by reason."""

    @property
    def rows_by_day(self) -> Mapping[date, int]:
        """Accepted rows."""

    @property
    def rejected_by_day(self) -> Mapping[date, int]:
        """Rejected rows where the date could be read."""

    @property
    def extra_columns(self) -> list[str]: ...

    @property
    def ignores_rest(self) -> bool:
        """Whether there are bytes after the end of packed data."""

    def __iter__(self) -> Iterator[RowBatch]: ...

    def sum_by_day(self) -> Mapping[date, Decimal]: ...


class Writer(Protocol):
    """Writes what files hold; nothing of it counts before it is published."""

    def add(self, file: SourceFile, batch: Any) -> None:
        """`batch`: of the dataset's own reader."""

    def finish(self, file: SourceFile) -> int:
        """The whole file has been added: how many points it holds."""

    def discard(self, file: SourceFile) -> None:
        """Forget what is not written yet."""

    def flush(self) -> None: ...


OpenStream = Callable[[], AbstractContextManager[BinaryIO]]


class Dataset(Protocol):
    """One kind of source. `noun` is its name in sentences."""

    kind: str
    noun: str
    view_permission: str
    manage_permission: str
    synced: Q  # which of its sources are synced by the schedule, beside being active

    def load(self, source: Source) -> Source:
        """The source with what its kind adds to it, its endpoint and its account."""

    def list_deliveries(
        self, source: Source, pages: Iterable[Sequence[S3Object]]
    ) -> Iterator[Sequence[Delivery]]:
        """What a listing of the bucket holds, as it comes."""

    def share(self, run: Run) -> Any:
        """What the reading of a run's files has in common: asked for once, by who may ask the database."""

    def open_reader(self, shared: Any, open_stream: OpenStream) -> AbstractContextManager[Reader]:
        """Read one object, in a thread that touches no database. Raises csvfiles.errors.FileError."""

    def writer(self, run: Run) -> Writer: ...

    def publish(
        self, source: Source, *, dates: Collection[date], read: Mapping[int, Any] | None = None
    ) -> None:
        """These dates count anew, in the transaction that changed them.

        `read`: readers of new files, by the files' ids.
        """

    def delete_data(self, files: Sequence[int] | QuerySet[SourceFile]) -> None:
        """Delete what was written of these files, by their ids or a query of them. It counts no more."""

    def delete_unused(self, source: Source) -> None:
        """Delete what no file holds any more. Only while nobody else writes data of the source."""

    def reproject(self, run: Run, *, renew: Callable[[], None]) -> None:
        """Stage what is stored of files that could not be read. Raises CannotReproject, LoadLost."""

    def refuse_changeover(self, run: Run) -> str:
        """Why the changeover must not be made, and the remedy; empty where it may."""

    def change_over(self, run: Run) -> list[str]:
        """Understand the files otherwise from here on; the columns that are not kept any more."""

    def diff(self, run: Run) -> dict[str, Any]:
        """What the staged files of a preview would change, as JSON."""

    def warnings(self, run: Run, *, today: date) -> list[dict[str, str]]:
        """[{kind, text}]: what a person should look at although the run went well."""

    def delete_details(self, runs: QuerySet[Run]) -> None:
        """Delete what is kept beside these runs, in transactions of a bounded size."""

    def list_columns(self, source: Source) -> list[str]:
        """The columns whose cells are kept of a rejected row."""

    def snapshot(self, source: Source) -> Values:
        """The source's settings, for the audit log."""

    def require_open(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Close a view to accounts that do not have this kind."""

    def describe_page(self, source: Source) -> dict[str, Any]:
        """The context of a page of its runs and files: `page_template`, `tabs_template`, …"""

    def get_url(self, source: Source) -> str:
        """The page of the source."""

    def list_sources(self, account: Account) -> Any:
        """The account's sources of this kind, a query set with what pages show of them."""


_paths: dict[str, str] = {}


def register(kind: str, path: str) -> None:
    """The class at `path` is the Dataset of this kind.

    It is imported when it is first asked for: what reads files is a quarter of the memory of a command that
    reads none. A worker asks before it forks (config.celery).
    """
    _paths[kind] = path


@cache
def get_dataset(kind: str) -> Dataset:
    dataset: Dataset = import_string(_paths[kind])()
    return dataset


def list_datasets() -> list[Dataset]:
    return [get_dataset(kind) for kind in _paths]
