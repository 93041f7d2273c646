"""Requests as S3 and STS see them, and answers as they give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    length: int = 0
    body: Iterable[bytes] = ()


class Request:
    """What the wire says: the path still encoded (PATH_INFO has lost odd keys), and who signed for where."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path, _, query = environ["REQUEST_URI"].partition("?")
        self.query = dict(parse_qsl(query, keep_blank_values=True))
        self.headers = {
            name[5:].lower().replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        found = CREDENTIAL.match(self.headers.get("authorization", ""))
        self.access_key, self.region, self.service = found.groups() if found else ("", "", "")

    @cached_property
    def raw_body(self) -> bytes:
        body: bytes = self.environ["wsgi.input"].read(int(self.environ.get("CONTENT_LENGTH") or 0))
        return body

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_body.decode(), keep_blank_values=True))


class S3Request(Request):
    """A path-style request: /bucket or /bucket/key."""

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        bucket, _, key = self.path.lstrip("/").partition("/")
        self.bucket, self.key = unquote(bucket), unquote(key)

    @property
    def operation(self) -> str:
        if self.method == "GET":
            return "get" if self.key else "list"
        return self.method.lower()

    @property
    def action(self) -> str:
        """The IAM action that allows it."""
        if self.method in {"GET", "HEAD"}:
            if self.key:
                return "s3:GetObject"
            return "s3:GetBucketLocation" if "location" in self.query else "s3:ListBucket"
        return {"PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}.get(self.method, "")

    @property
    def name(self) -> str | None:
        """The key, or the prefix of a list; None for a request about the bucket itself."""
        return self.key or self.query.get("prefix")

    @property
    def agrees_to_pay(self) -> bool:
        return self.headers.get("x-amz-request-payer") == "requester"

    def body(self) -> bytes:
        if not self.headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
            return self.raw_body
        return b"".join(_unchunk(self.raw_body))


def xml_answer(status: int, root: ElementTree.Element, headers: dict[str, str] | None = None) -> Answer:
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Answer(status, {"Content-Type": "application/xml", **(headers or {})}, len(body), [body])


def error_answer(status: int, code: str, message: str, **more: str) -> Answer:
    """An error in S3's form; `more` are further elements, such as Region."""
    root = ElementTree.Element("Error")
    for name, text in {"Code": code, "Message": message, **more, "RequestId": "STANDIN"}.items():
        ElementTree.SubElement(root, name).text = text
    return xml_answer(status, root)


def _unchunk(body: bytes) -> Iterator[bytes]:
    """The content of `aws-chunked` encoding: size in hex, CRLF, bytes, CRLF, until a size of 0."""
    position = 0
    while True:
        line_end = body.index(b"\r\n", position)
        size = int(body[position:line_end].split(b";")[0], 16)
        if size == 0:
            return
        yield body[line_end + 2 : line_end + 2 + size]
        position = line_end + 2 + size + 2
