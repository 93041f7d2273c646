"""Unexpected errors: logged with their place in the code, and shown to people with a reference to the log."""

from __future__ import annotations

import secrets
import traceback

import structlog

WHILE_READING = "while it read "  # begins a note (BaseException.add_note) that says of what file

log = structlog.get_logger(__name__)


def log_unexpected(event: str, error: BaseException, **where: object) -> str:
    """Log the exception with its causes; returns the reference under which the log has it.

    Types and lines of code alone: an exception's own words may quote a cell of a customer's file, a key
    that breaks a line, or a request with its credentials.
    """
    reference = secrets.token_hex(4)
    log.error(event, reference=reference, error=type(error).__name__, where=_list_lines(error), **where)
    return reference


def describe_unexpected(error: BaseException, reference: str) -> str:
    """The same for a person, in a sentence or two."""
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(WHILE_READING)]
    return (
        f"Denominator met an error that it does not know {''.join(notes[:1])}".rstrip()
        + f" ({type(error).__name__}, reference {reference}). "
        "Its administrator finds it in the log by the reference."
    )


def _list_lines(error: BaseException | None) -> list[str]:
    """Where it was raised, after where what it came from was: lines of code, without a value."""
    lines: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines = [*traceback.format_tb(error.__traceback__), type(error).__name__, *lines]
        error = error.__cause__ or error.__context__
    return lines
