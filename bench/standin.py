"""`python -m bench.standin --port P --folder DIR --role-file FILE`: the stand-in, and what it has served.

`/_bench/count` answers {operation: {"requests": n, "bytes": n}}. It lists by folders too, as the libraries
of the peers ask it to.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from demo.standin.__main__ import FolderApp
from demo.standin.requests import Answer, S3Request
from demo.standin.s3 import S3
from demo.standin.server import make_app_server
from demo.standin.stores import FolderStore


class ListsFolders(S3):
    """Takes `delimiter`; what it folds is found among the first page's keys, which are few here."""

    def answer(self, request: S3Request) -> Answer:
        delimiter = request.query.pop("delimiter", "")
        answer = super().answer(request)
        if not delimiter or request.key or answer.status != 200:
            return answer
        folded = _fold(b"".join(answer.body), request.query.get("prefix", ""), delimiter)
        return Answer(200, answer.headers, length=len(folded), body=[folded])


class CountingApp(FolderApp):
    def __init__(self, store: FolderStore, role_file: Path) -> None:
        super().__init__(store, role_file)
        self.backend = ListsFolders(store)
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        if environ["REQUEST_URI"] != "/_bench/count":
            return super().__call__(environ, start_response)
        body = json.dumps(
            {name: {"requests": n, "bytes": self._bytes[name]} for name, n in self._requests.items()}
        ).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def _answer_s3(self, request: S3Request) -> Answer:
        answer = super()._answer_s3(request)
        with self._lock:
            self._requests[request.operation] += 1
            self._bytes[request.operation] += answer.length if request.method == "GET" else 0
        return answer


def _fold(listing: bytes, prefix: str, delimiter: str) -> bytes:
    """The same answer with keys beyond the delimiter as CommonPrefixes."""
    root = ElementTree.fromstring(listing)  # noqa: S314 - our own
    space = root.tag.partition("}")[0] + "}" if "}" in root.tag else ""
    folders: dict[str, None] = {}
    for entry in root.findall(f"{space}Contents"):
        rest = entry.findtext(f"{space}Key", "")[len(prefix) :]
        if delimiter in rest:
            folders[prefix + rest.partition(delimiter)[0] + delimiter] = None
            root.remove(entry)
    for folder in folders:
        common = ElementTree.SubElement(root, f"{space}CommonPrefixes")
        ElementTree.SubElement(common, f"{space}Prefix").text = folder
    ElementTree.register_namespace("", space.strip("{}"))
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.standin")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--role-file", type=Path, required=True)
    options = parser.parse_args()
    app = CountingApp(FolderStore(options.folder), options.role_file)
    with suppress(KeyboardInterrupt):
        make_app_server(app, host="127.0.0.1", port=options.port).serve_forever()


if __name__ == "__main__":
    main()
