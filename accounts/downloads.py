"""CSV files for people: streamed, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from accounts.reading import snapshot

# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that gives back what is written to it, so that csv.writer makes lines without a buffer."""

    def write(self, text: str) -> str:
        return text


def neutralise(text: str) -> str:
    """`text` as a cell that no spreadsheet evaluates: a leading `'` where it would begin a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def stream_csv(
    *, filename: str, header: Iterable[str], rows: Iterable[Iterable[str]]
) -> StreamingHttpResponse:
    """A download named `filename` of `header` and `rows`, whose text cells are neutralised on the way.

    Both may be read as they are asked for: that is in one moment, while the download goes out.
    Numbers come as plain text; a metric is never negative, so none begins with a minus sign.
    """
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        with snapshot():
            yield writer.writerow([neutralise(cell) for cell in header])
            for row in rows:
                yield writer.writerow([neutralise(cell) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, filename)
    return response
