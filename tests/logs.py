"""The product's own logging, for tests that read it: pytest puts handlers of its own in its place."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from config.logs import logging_config


@contextmanager
def logging_to(
    stream: io.StringIO, *, as_json: Sequence[bool], level: str = "DEBUG"
) -> Iterator[io.StringIO]:
    """Write each event to `stream`, once for each of the formats."""
    root = logging.getLogger()
    before, level_before = root.handlers[:], root.level
    handlers = []
    for each in as_json:
        logging_config(level=level, as_json=each)
        [handler] = root.handlers
        handler.setStream(stream)
        handlers.append(handler)
    root.handlers[:] = handlers
    try:
        yield stream
    finally:
        root.handlers[:] = before
        root.setLevel(level_before)
