"""CSV files for people: streamed, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Generator, Iterable

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from core.snapshot import snapshot
from core.spool import CannotDownload, acquire_download, spool

# A spreadsheet takes a cell that begins with one of these for a formula; some do in full width too
# (https://owasp.org/www-community/attacks/CSV_Injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# Where a program that separates by something else than the comma would begin a cell in the middle of ours:
# after any separator that one may choose, past quotes, which it would take away.
FORMULA_INSIDE = re.compile(r"""([;,|\t\r\n]"*|^"+)(?=[=+\-@\t\r\n＝＋－＠])""")

# An identifier may hold what is no part of a file's name or of a header: quotes, slashes, control characters.
NOT_IN_A_NAME = re.compile(r"[^\w.()+-]|^\.+")


class _Echo:
    """A file whose write returns its argument, so that csv.writer yields lines."""

    def write(self, text: str) -> str:
        return text


def neutralise(text: str) -> str:
    """`text` as a cell that no spreadsheet evaluates: a `'` wherever it would begin a formula.

    Also in the middle, where a spreadsheet that separates by `;` begins a cell: the quotes around ours do not
    keep every program from that.
    """
    text = FORMULA_INSIDE.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def stream_csv(
    *, account_id: int, filename: str, header: Iterable[str], rows: Iterable[Iterable[str]]
) -> HttpResponseBase:
    """A download named `filename` of `header` and `rows`, whose text cells are neutralised on the way.

    Both may be lazy: they are read now, in one snapshot, into a file (core.spool), which is sent without the
    database. The caller must not be in a transaction. Numbers come as plain text; a metric is never negative,
    so none begins with a minus sign. Where a limit is reached the response says so.
    """
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)

    def lines() -> Generator[str, None, None]:
        with snapshot(seconds=settings.DOWNLOAD_SECONDS):
            yield writer.writerow([neutralise(cell) for cell in header])
            for row in rows:
                yield writer.writerow([neutralise(cell) for cell in row])

    try:
        slot = acquire_download(account_id=account_id)
        spooled = spool(lines(), slot=slot)
    except CannotDownload as reason:
        return HttpResponse(
            str(reason),
            status=reason.status,
            content_type="text/plain; charset=utf-8",
            headers={"Retry-After": "60"} if reason.passes else {},
        )
    response = StreamingHttpResponse(spooled, content_type="text/csv; charset=utf-8")
    response["Content-Length"] = str(spooled.size)
    response["Content-Disposition"] = content_disposition_header(True, NOT_IN_A_NAME.sub("_", filename))
    return response
