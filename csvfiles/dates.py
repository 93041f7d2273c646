"""The six date formats, with the meaning of Java's DateTimeFormatter, strict.

`MM` and `dd` are exactly two digits, `M` and `d` one or two, `yyyy` exactly four; the day must exist; digits
are ASCII. Nothing is guessed. (Source: the reference document's list of formats; java.time.format.)
"""

from __future__ import annotations

import re
from datetime import date

# The choices of the wizard, in the reference's order.
DATE_FORMATS: dict[str, re.Pattern[str]] = {
    "yyyy-MM-dd": re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"),
    "yyyy/MM/dd": re.compile(r"(?P<y>[0-9]{4})/(?P<m>[0-9]{2})/(?P<d>[0-9]{2})"),
    "yyyy/M/d": re.compile(r"(?P<y>[0-9]{4})/(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})"),
    "MM/d/yyyy": re.compile(r"(?P<m>[0-9]{2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4})"),
    "yyyy-M-d": re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})"),
    "yyyy-MM-dd'T'00:00:00'Z'": re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})T00:00:00Z"),
}


def parse_date(cell: str, date_format: str) -> date | None:
    """The calendar date that `cell` is in `date_format`, or None where it is none."""
    match = DATE_FORMATS[date_format].fullmatch(cell)
    if match is None:
        return None
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:  # 30 February, month 13, year 0000
        return None


def find_format(text: str) -> str | None:
    """The format that `text` names. The reference document writes the last one without its closing quote."""
    if text in DATE_FORMATS:
        return text
    return f"{text}'" if f"{text}'" in DATE_FORMATS else None
