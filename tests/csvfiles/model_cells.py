"""What the slow model makes of a cell: a date, a value, or the reason against it."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

FORMATS = {
    "yyyy-MM-dd": r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)",
    "yyyy/MM/dd": r"(?P<y>\d{4})/(?P<m>\d\d)/(?P<d>\d\d)",
    "yyyy/M/d": r"(?P<y>\d{4})/(?P<m>\d\d?)/(?P<d>\d\d?)",
    "MM/d/yyyy": r"(?P<m>\d\d)/(?P<d>\d\d?)/(?P<y>\d{4})",
    "yyyy-M-d": r"(?P<y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)",
    "yyyy-MM-dd'T'00:00:00'Z'": r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)T00:00:00Z",
}


def to_date(cell: str, date_format: str):
    """The date, or the reason against it."""
    if cell == "":
        return "the date is empty"
    match = re.fullmatch(FORMATS[date_format], cell, re.ASCII)
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except (TypeError, ValueError):
        return describe_date(cell, date_format)


ADD_UP = "(rows of one day add up), or export one row a day"


def describe_date(cell: str, date_format: str) -> str:
    if re.fullmatch(r"1\d{9}(\d{3}){0,3}(\.\d+)?", cell, re.ASCII) and len(cell) <= 100:
        return f"the date is a Unix timestamp: write the date instead {ADD_UP}"
    if not is_moment(cell) or len(cell) > 100:
        return f"the date is not in the format {date_format}"
    if date_format.endswith("Z'"):
        return f"the date has a time of day other than T00:00:00Z: write that instead {ADD_UP}"
    return f"the date has a time of day: cut it off {ADD_UP}"


def is_moment(cell: str) -> bool:
    """A day, then a time, in the ways in which they are written."""
    if re.fullmatch(r"20(\d{8}|\d{10}|\d{12})", cell, re.ASCII):
        return True
    days = [r"\d{4}-\d\d?-\d\d?", r"\d{4}/\d\d?/\d\d?", r"\d{4}\.\d\d?\.\d\d?"]
    for day in [*days, r"\d\d?[-/.]\d\d?[-/.]\d{4}", r"\d{8}"]:
        found = re.match(day + r"(?:[Tt_:-]| +|, ?)(?=\d)", cell, re.ASCII)
        if found and is_time(cell[found.end() :]):
            return True
    return False


def is_time(text: str) -> bool:
    text = re.sub(r"\[[A-Za-z/_]+\]$", "", text) if text.endswith("]") else text
    text = re.sub(r"(Z|z|UTC|GMT|[+-]\d\d(:?\d\d)?)$", "", text, flags=re.ASCII)
    text = text.removesuffix(" ")
    text = re.sub(r"[AaPp]\.?[Mm]\.?$", "", text).removesuffix(" ")
    return bool(re.fullmatch(r"\d\d?(:?\d\d(:?\d\d)?)?([.,]\d+)?", text, re.ASCII))


def has_day_first(cell: str, date_format: str) -> bool:
    """A date of which the day is above 12 and stands where the format has the month."""
    if date_format == "MM/d/yyyy":
        match = re.fullmatch(r"(?P<d>\d\d?)/(?P<m>\d\d?)/(?P<y>\d{4})", cell, re.ASCII)
    else:
        mark = "/" if "/" in date_format else "-"
        end = "T00:00:00Z" if "T" in date_format else ""
        pattern = rf"(?P<y>\d{{4}}){mark}(?P<d>\d\d?){mark}(?P<m>\d\d?){end}"
        match = re.fullmatch(pattern, cell, re.ASCII)
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"])).day > 12
    except (TypeError, ValueError):
        return False


def to_value(cell: str):
    """The exact value, or the reason against it."""
    match = re.fullmatch(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", cell, re.ASCII)
    if not match or not (match[2] or match[3]):
        return describe(cell)
    digits, exponent = (match[2] + (match[3] or "")).lstrip("0"), int(match[4] or 0)
    if digits == "":
        return Fraction(0)
    if match[1] == "-":
        return "the metric is negative"
    if abs(exponent) < 10_000:
        value = Fraction(int(digits)) * Fraction(10) ** (exponent - len(match[3] or ""))
        if value < 10**20 and (value * 10**30).denominator == 1 and count_digits(value) <= 38:
            return value
    return "the metric does not fit 38 digits, 20 before the point and 30 after it"


def count_digits(value: Fraction) -> int:
    """Of its plain decimal form, a zero before the point aside."""
    places = next(places for places in range(31) if (value * 10**places).denominator == 1)
    whole = len(str(int(value))) if value >= 1 else 0
    return whole + places


def describe(cell: str) -> str:
    if cell == "":
        return "the metric is empty"
    word = cell.lower().lstrip("+-")
    if word == "nan":
        return "the metric is NaN"
    if word in ("inf", "infinity"):
        return "the metric is infinite"
    if cell != cell.strip():
        return "the metric has space around it"
    if is_grouped(cell):
        return "the metric has thousands separators"
    unsigned = cell[1:] if cell[0] in "+-" else cell
    whole, _, fraction = unsigned.partition(",")
    if fraction and set(whole + fraction) <= set("0123456789"):
        return "the metric has a decimal comma: export it with a point"
    return "the metric is not a decimal number"


def is_grouped(cell: str) -> bool:
    """1 to 3 digits, then groups of 3 after separators, then perhaps a fraction."""
    parts = re.split(r"([,' ._\u00a0\u202f])", cell[1:] if cell[:1] in ("+", "-") else cell)
    groups, separators = parts[::2], parts[1::2]
    if not all(re.fullmatch("[0-9]+", group) for group in groups) or len(groups[0]) > 3:
        return False
    whole = len(groups) - (len(groups[-1]) != 3)
    if whole < len(groups) and separators[-1] not in (",", "."):
        return False
    return whole >= 2 and all(len(group) == 3 for group in groups[1:whole])


def with_decimal_commas(cells: list[tuple[str, bool]], delimiter: str) -> bool:
    """Whether the cells of a file's metric (cell, accepted) are likely to have points between thousands."""
    points = [cell.removeprefix("+") for cell, accepted in cells if accepted and "." in cell]
    grouped = [cell for cell in points if is_grouped_once(cell)]
    if not grouped:
        return False
    if any(has_comma(cell.strip()) for cell, accepted in cells if not accepted):
        return True
    return delimiter == ";" and grouped == points


def is_grouped_once(cell: str) -> bool:
    whole, _, fraction = cell.partition(".")
    return len(fraction) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0" and (whole + fraction).isdigit()


def has_comma(cell: str) -> bool:
    """`1.234.567`, `1.234,5`, `12,5`, but not `1,234`."""
    cell = re.sub(r"[eE][+-]?[0-9]+$", "", cell)
    cell = cell[1:] if cell[:1] in ("+", "-") else cell
    whole, comma, fraction = cell.partition(",")
    groups = re.split(r"[. '\u2019\u00a0\u202f]" if comma else r"\.", whole)
    if not all(re.fullmatch("[0-9]+", digits) for digits in [*groups, *([fraction] if comma else [])]):
        return False
    if len(groups) > 1 and not (len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
        return False
    if not comma:
        return len(groups) > 2
    return len(groups) > 1 or len(fraction) != 3 or len(whole) > 3 or whole[0] == "0"
