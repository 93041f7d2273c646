"""The stand-in as a server: in a thread (tests), or as a process (`python -m demo.standin`)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Self, cast

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler, make_server

from demo.standin.app import App, Backend, role_from_json
from demo.standin.faults import Change, Fault, Hold, Kind, Operation
from demo.standin.keys import Key
from demo.standin.roles import Role, Roles
from demo.standin.s3 import S3
from demo.standin.stores import DEFAULT_REGION, MemoryStore, Store


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: with Nagle's algorithm each answer would wait for the client's late ACK.
    disable_nagle_algorithm = True

    def log(self, *args: Any) -> None:
        """Keep still: tests and the demo have their own output."""


def make_app_server(app: App, *, host: str, port: int) -> BaseWSGIServer:
    server = make_server(host, port, app, threaded=True, request_handler=QuietHandler)
    cast("ThreadedWSGIServer", server).daemon_threads = True  # a request that hangs must not keep the process
    return server


class StandIn:
    """S3 and STS in a thread, on a free port of loopback: `url` is what AWS_ENDPOINT_URL is set to."""

    def __init__(self, *, store: Store | None = None, backend: Backend | None = None) -> None:
        self.store = store or MemoryStore()
        self.app = App(backend or S3(self.store))
        self._server = make_app_server(self.app, host="127.0.0.1", port=0)
        # The interval bounds how long stop() waits.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.app.faults.stop()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add_bucket(self, bucket: str, *, region: str = DEFAULT_REGION) -> None:
        self.store.create(bucket, region)

    def put_object(
        self, bucket: str, key: str, body: bytes | str, *, modified: datetime | None = None, **traits: Any
    ) -> None:
        """Put an object, as the bucket's owner; `modified` is its time of change, else now.

        `traits` are those of `Traits` that shall be different: kms_key, storage_class, owner and the rest.
        """
        self.store.put(bucket, key, body.encode() if isinstance(body, str) else body, modified=modified)
        if traits:
            self.change_object(bucket, key, **traits)

    def change_object(self, bucket: str, key: str, **traits: Any) -> None:
        """Keep the object in another way: archive it, restore it, give it away. Its version stays."""
        cast("MemoryStore", self.store).change(bucket, key, **traits)

    def set_key(self, arn: str, **fields: Any) -> None:
        """Describe a KMS key; `fields` are the other fields of `Key`."""
        self.app.keys.add(Key(arn, **fields))

    def delete_object(self, bucket: str, key: str) -> None:
        self.store.delete(bucket, key)

    def add_role(self, arn: str, *, external_id: str, bucket: str, **more: Any) -> Role:
        """Let a role be assumed; `more` are the other fields of `Role`."""
        role = Role(arn=arn, external_id=external_id, bucket=bucket, **more)
        self.app.roles.add(role)
        return role

    def fail(self, operation: Operation, kind: Kind, *, times: int | None = None, **more: Any) -> None:
        """Let requests go wrong; `more` are the other fields of `Fault`."""
        self.app.faults.add(Fault(operation=operation, kind=kind, times=times, **more))

    def hold(self, operation: Operation, *, times: int = 1, **more: Any) -> Hold:
        """Keep the next requests of this kind waiting until the returned hold is released."""
        fault = Fault(operation=operation, kind="hold", times=times, **more)
        self.app.faults.add(fault)
        return fault.hold

    def alter(self, operation: Operation, change: Change, *, times: int | None = None, **more: Any) -> None:
        """Let `change(request, answer)` alter the answers to requests of this kind."""
        self.app.faults.add(Fault(operation=operation, kind="alter", times=times, change=change, **more))

    def after(self, operation: Operation, action: Callable[[], None]) -> None:
        """Call `action` once, when the next request of this kind has been answered."""
        self.app.faults.after(operation, action)

    def clear_faults(self) -> None:
        self.app.faults.clear()

    def count(self, operation: str) -> int:
        """How many requests of this kind have come so far: assume, list, get, head, put, delete."""
        return sum(seen.operation == operation for seen in self.app.seen)


def read_roles(path: Path, roles: Roles) -> None:
    """Take over the roles of a JSON file: a list of objects with the fields of `Role`."""
    for fields in json.loads(path.read_text()):
        roles.add(role_from_json(fields))
