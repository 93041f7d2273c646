"""Telemetries as ingestion knows them: what their files mean, and when points begin to count."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import Account
from accounts.roles import MANAGE_TELEMETRY, VIEW_TELEMETRY
from audit.snapshots import Values
from core.deleting import delete_in_portions
from csvfiles.combinations import Combinations
from csvfiles.mapping import Mapping as ColumnMapping
from csvfiles.names import reason_to_ignore
from csvfiles.read import PointReader
from endpoints.objects import S3Object
from ingestion.datasets import Delivery, OpenStream
from ingestion.models import Run, Source, SourceFile
from telemetry.comparing import diff_preview
from telemetry.daily_totals import refresh_daily_totals
from telemetry.limits import get_limits
from telemetry.locks import lock_telemetry
from telemetry.mapping_changes import adds_dimension, get_dimensions, list_dropped
from telemetry.models import KIND, MappingChange, Telemetry
from telemetry.reprojecting import describe_reprojected, explain_unread, reproject_unread
from telemetry.selectors import list_mapped_columns, list_telemetries, take_snapshot_of
from telemetry.series import delete_unused_series
from telemetry.services import get_mapping, write_dimensions
from telemetry.warnings import list_warnings
from telemetry.writing import PointWriter, delete_points


@dataclass(slots=True)
class Shared:
    """What the reading of a run's files has in common.

    `combinations`: of a file that has been read: the next one is read the quicker for it.
    """

    mapping: ColumnMapping
    combinations: Combinations | None = None


class TelemetryDataset:
    """ingestion.datasets.Dataset"""

    kind = KIND
    noun = "telemetry"
    view_permission = VIEW_TELEMETRY
    manage_permission = MANAGE_TELEMETRY
    synced = Q(account__s3_csv_telemetry=True)

    def load(self, source: Source) -> Telemetry:
        return Telemetry.objects.select_related("endpoint", "account").get(pk=source.pk)

    def list_deliveries(
        self, source: Source, pages: Iterable[Sequence[S3Object]]
    ) -> Iterator[list[Delivery]]:
        """Each file by itself."""
        for page in pages:
            yield [
                Delivery(found.key, [found], found.unnamed or reason_to_ignore(found.key, found.size) or "")
                for found in page
            ]

    def share(self, run: Run) -> Shared:
        telemetry = run.source.specific
        return Shared(get_mapping(telemetry=telemetry, dimensions=get_dimensions(run=run)))

    @contextmanager
    def open_reader(self, shared: Shared, open_stream: OpenStream) -> Iterator[PointReader]:
        with open_stream() as stream:
            reader = PointReader(
                stream, mapping=shared.mapping, limits=get_limits(), like=shared.combinations
            )
            yield reader
        shared.combinations = reader.combinations

    def writer(self, run: Run) -> PointWriter:
        return PointWriter(run.source_id)

    def publish(
        self, source: Source, *, dates: Collection[date], read: Mapping[int, PointReader] | None = None
    ) -> None:
        telemetry = lock_telemetry(source.pk)
        loaded = {file: reader.totals for file, reader in (read or {}).items()}
        refresh_daily_totals(telemetry=telemetry, dates=dates, loaded=loaded)

    def delete_data(self, files: Sequence[int] | QuerySet[SourceFile]) -> None:
        delete_points(files)

    def delete_unused(self, source: Source) -> None:
        delete_unused_series(telemetry_id=source.pk)

    def reproject(self, run: Run, *, renew: Callable[[], None]) -> None:
        dimensions = get_dimensions(run=run)
        if dimensions is not None:
            reproject_unread(telemetry=run.source.specific, dimensions=dimensions, renew=renew)

    def refuse_changeover(self, run: Run) -> str:
        telemetry = run.source.specific
        unread = describe_reprojected(telemetry=telemetry)
        if not unread.files or run.mapping_change.keeps_unreadable:
            return ""
        return explain_unread(unread) if adds_dimension(run=run, telemetry=telemetry) else ""

    def change_over(self, run: Run) -> list[str]:
        telemetry = lock_telemetry(run.source_id)
        dropped = list_dropped(run=run, telemetry=telemetry)
        change = run.mapping_change
        if change.dimensions is not None:
            write_dimensions(telemetry=telemetry, dimensions=change.dimensions)
        if change.overlap:
            telemetry.overlap = change.overlap
            telemetry.save(update_fields=["overlap"])
        return dropped

    def diff(self, run: Run) -> dict[str, Any]:
        return diff_preview(run=run, telemetry=run.source.specific)

    def warnings(self, run: Run, *, today: date) -> list[dict[str, str]]:
        return list_warnings(run)

    def delete_details(self, runs: QuerySet[Run]) -> None:
        delete_in_portions(MappingChange.objects.filter(run__in=runs))

    def list_columns(self, source: Source) -> list[str]:
        return list_mapped_columns(telemetry=source.specific)

    def snapshot(self, source: Source) -> Values:
        return take_snapshot_of(source.specific)

    def require_open(self, view: Callable[..., Any]) -> Callable[..., Any]:
        # Only pages ask: a sync goes without what sign-in takes, 8 MB.
        from accounts.access import s3_csv_telemetry_required

        return s3_csv_telemetry_required(view)

    def get_url(self, source: Source) -> str:
        return reverse("telemetry:detail", args=[source.public_id])

    def list_sources(self, account: Account) -> QuerySet[Telemetry]:
        return list_telemetries(account=account)

    def describe_page(self, source: Source) -> dict[str, Any]:
        return {
            "telemetry": source,
            "page_template": "telemetry/page.html",
            "tabs_template": "telemetry/_tabs.html",
            "changes_template": "telemetry/_changes.html",
            "change_url": reverse("telemetry:change", args=[source.public_id]),
            "changeover_label": "Changes dimensions or overlap rule",
            "list_url": reverse("telemetry:list"),
            "list_label": "Telemetries",
        }


if TYPE_CHECKING:
    from ingestion.datasets import Dataset

    _is_one: Dataset = TelemetryDataset()
