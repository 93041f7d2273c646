"""Structured logs: one event a line, JSON in production, readable in development.

No message contains a cell of a customer's file, a credential or a session token; log lines identify things by
ids, keys and counts. Keys, names, addresses and user agents are other people's text: none of them can begin a
line, or move a terminal's cursor.
"""

from __future__ import annotations

import logging.config
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from commandline.printable import printable

MANY_LINES = ("exception", "stack")  # tracebacks, which have several lines


def logging_config(*, level: str, as_json: bool) -> None:
    """Send structlog's and the standard library's records through one formatter to standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [_forget_tracebacks_of_refusals, *shared],
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        *_choose_renderer(as_json=as_json),
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level},
            # At DEBUG these would write requests, with the credentials that sign them.
            "loggers": {
                name: {"level": "WARNING"} for name in ("botocore", "boto3", "urllib3", "s3transfer")
            },
        }
    )


def _forget_tracebacks_of_refusals(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """An answer of 4xx is one line: Django adds the traceback of our own refusal, which says nothing more."""
    if 400 <= getattr(event["_record"], "status_code", 500) < 500:
        event.pop("exc_info", None)
    return event


def _choose_renderer(*, as_json: bool) -> list[structlog.types.Processor]:
    if as_json:  # escapes what is not ASCII, and every control character
        return [structlog.processors.JSONRenderer()]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    return [_keep_to_the_line, plain]


def _keep_to_the_line(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Write out what is not seen; the lines of a traceback are indented, so that none looks like an event."""
    kept = {
        printable(name): _make_printable(value) for name, value in event.items() if name not in MANY_LINES
    }
    for name in MANY_LINES:
        if event.get(name):
            lines = str(event[name]).split("\n")
            kept[name] = "\n".join(f"    {printable(line)}" for line in lines)
    return kept


def _make_printable(value: Any) -> Any:
    """Non-text values as the text that would be written."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, (Mapping, list, tuple, set)):
        return printable(repr(value))
    return value
