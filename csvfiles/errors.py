from __future__ import annotations


class FileError(Exception):
    """A file that cannot be used as a whole. `message` names what is wrong, `remedy` what to do about it."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.code, self.message, self.remedy = code, message, remedy
