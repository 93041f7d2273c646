"""CSV files for people: streamed, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from accounts.places import NoPlaceFree, Place, take_place
from accounts.reading import snapshot

LONGEST_DOWNLOAD = 3600  # seconds after which one that never ended no longer counts

# A spreadsheet takes a cell that begins with one of these for a formula; some do in full width too
# (https://owasp.org/www-community/attacks/CSV_Injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# Where a program that separates by something else than the comma would begin a cell in the middle of ours:
# after any separator that one may choose, past quotes, which it would take away.
FORMULA_INSIDE = re.compile(r"""([;,|\t\r\n]"*|^"+)(?=[=+\-@\t\r\n＝＋－＠])""")

# An identifier may hold what is no part of a file's name or of a header: quotes, slashes, control characters.
NOT_IN_A_NAME = re.compile(r"[^\w.()+-]|^\.+")


class _Echo:
    """A file that gives back what is written to it, so that csv.writer makes lines without a buffer."""

    def write(self, text: str) -> str:
        return text


def neutralise(text: str) -> str:
    """`text` as a cell that no spreadsheet evaluates: a `'` wherever it would begin a formula.

    Also in the middle, where a spreadsheet that separates by `;` begins a cell: the quotes around ours do not
    keep every program from that.
    """
    text = FORMULA_INSIDE.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


class _Lines:
    """The lines of a download with its place among the account's. Closed in any case, begun or not."""

    def __init__(self, lines: Iterator[str], place: Place) -> None:
        self._lines, self._place = lines, place

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def close(self) -> None:
        self._lines.close()
        self._place.give_back()


def stream_csv(
    *, account_id: int, filename: str, header: Iterable[str], rows: Iterable[Iterable[str]]
) -> HttpResponseBase:
    """A download named `filename` of `header` and `rows`, whose text cells are neutralised on the way.

    Both may be read as they are asked for: that is in one moment, while the download goes out.
    Numbers come as plain text; a metric is never negative, so none begins with a minus sign. Where the
    account downloads as much as it may at once, the answer is 429 and says so.
    """
    most = settings.DOWNLOADS_AT_ONCE
    try:
        place = take_place("download", account_id=account_id, most=most, seconds=LONGEST_DOWNLOAD)
    except NoPlaceFree:
        return HttpResponse(
            f"No more than {most} of this account's downloads can run at the same time. "
            "Try again when one of them has ended.",
            status=429,
            content_type="text/plain; charset=utf-8",
            headers={"Retry-After": "60"},
        )
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)

    def lines() -> Iterator[str]:
        with snapshot():
            yield writer.writerow([neutralise(cell) for cell in header])
            for row in rows:
                yield writer.writerow([neutralise(cell) for cell in row])

    response = StreamingHttpResponse(_Lines(lines(), place), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, NOT_IN_A_NAME.sub("_", filename))
    return response
