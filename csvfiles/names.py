"""Which objects of a bucket are CSV files for us, by name and size alone."""

from __future__ import annotations

ENDINGS = (".csv", ".csv.gz")
# Known once it has been read: gzip of nothing, a byte order mark, empty lines (csvfiles.errors.EmptyFile).
HOLDS_NOTHING = "it is empty (no header, no row)"


def reason_to_ignore(key: str, size: int) -> str | None:
    """Why an object is passed over, in words; None where it is a file to read. Endings count in any case."""
    name = key.rsplit("/", 1)[-1]
    if not name:
        return "a folder marker, not a file"
    if name.startswith(("_", ".")):
        return "its name starts with _ or ., as files that are not finished or not data do"
    if not name.lower().endswith(ENDINGS):
        return "its name does not end in .csv or .csv.gz"
    if size == 0:
        return "it is empty (0 bytes)"
    return None
