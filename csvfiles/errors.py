from __future__ import annotations


class FileError(Exception):
    """A file that cannot be used as a whole. `message` names what is wrong, `remedy` what to do about it."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.code, self.message, self.remedy = code, message, remedy


class MissingColumn(FileError):
    """The header lacks a mapped column; `columns` are those that it has."""

    def __init__(self, message: str, remedy: str, *, columns: tuple[str, ...]) -> None:
        super().__init__("missing_column", message, remedy)
        self.columns = columns


class EmptyFile(FileError):
    """A file without content: it is ignored, as an object of zero bytes is."""

    def __init__(self) -> None:
        super().__init__("empty", "The file is empty.", "Begin it with a row of column names.")
