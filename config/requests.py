"""The request class, used before any middleware can refuse a request."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Request(WSGIRequest):
    """Its text is UTF-8. Django's would take any of Python's codecs for its charset, such as `hex`, and break
    down there, where nobody answers. config.text refuses the others in words.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:  # charset*=no-such''x
            self.content_type, self.content_params = "", {}


class Handler(WSGIHandler):
    request_class = Request
