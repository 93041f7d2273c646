"""Entry point of requests: authorisation, regions and injected faults; then STS or S3 answers."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from demo.standin.faults import Fault, Faults
from demo.standin.keys import Keys
from demo.standin.requests import Answer, Request, S3Request, error_answer
from demo.standin.roles import ADMIN_KEY, OUR_KEY, Refused, Role, Roles, Session, utc_now
from demo.standin.stores import BUCKET_OWNER, Traits
from demo.standin.sts import answer_sts, sts_error

MAX_SEEN = 200_000  # the demo runs for days
SSE_C = (
    "The object was stored using a form of Server Side Encryption. "
    "The correct parameters must be provided to retrieve the object."
)
REASONS = {
    200: "OK", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 400: "Bad Request",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 412: "Precondition Failed",
    416: "Requested Range Not Satisfiable", 500: "Internal Server Error", 501: "Not Implemented",
    503: "Slow Down",
}  # fmt: skip


class Backend(Protocol):
    """What keeps the objects: `demo.standin.s3.S3`, or in the tests moto's server."""

    def region_of(self, bucket: str) -> str | None: ...
    def traits_of(self, bucket: str, key: str) -> Traits | None: ...
    def answer(self, request: S3Request) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that was answered or refused, for tests that count them. `name` is the key or prefix."""

    operation: str
    bucket: str
    name: str
    range: str
    status: int


class App:
    """A WSGI application over `backend`. `wrong_region` is how S3 refuses: as a redirect or a signature."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.roles = Roles()
        self.keys = Keys()
        self.requester_pays: set[str] = set()  # buckets
        self.faults = Faults()
        self.seen: deque[Seen] = deque(maxlen=MAX_SEEN)
        self.wrong_region_is_malformed = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["REQUEST_URI"].partition("?")[0]
        if path == "/_standin/roles":
            answer = self._edit_roles(Request(environ))
        elif path == "/":
            answer = self._answer_sts(Request(environ))
        else:
            answer = self._answer_s3(S3Request(environ))
        headers = {"Content-Length": str(answer.length), **answer.headers}
        start_response(f"{answer.status} {REASONS.get(answer.status, 'Unknown')}", list(headers.items()))
        return () if environ["REQUEST_METHOD"] == "HEAD" else answer.body

    def _edit_roles(self, request: Request) -> Answer:
        """PUT a JSON list of roles, each with the fields of `Role`, to add or replace them."""
        if request.method != "PUT":
            return Answer(405, {})
        for fields in json.loads(request.raw_body):
            self.roles.add(role_from_json(fields))
        return Answer(204, {})

    def _answer_sts(self, request: Request) -> Answer:
        fault = self.faults.take("assume", request.form().get("RoleArn", ""))
        try:
            if fault:
                self._strike(fault)
            answer = answer_sts(request, roles=self.roles, now=utc_now())
        except Refused as refused:
            answer = sts_error(refused)
        if fault and fault.change:
            fault.change(request, answer)
        self._note(Seen("assume", "", request.form().get("RoleArn", ""), "", answer.status))
        return answer

    def _answer_s3(self, request: S3Request) -> Answer:
        fault = self.faults.take(request.operation, request.name or "")
        try:
            if fault and fault.kind in {"deny", "slow_down", "server_error", "hang", "hold"}:
                self._strike(fault)
            self._authorise(request)
            answer = self.backend.answer(request)
            if request.bucket in self.requester_pays and request.agrees_to_pay:
                answer.headers["x-amz-request-charged"] = "requester"
        except WrongRegion as wrong:
            answer = self._refuse_region(wrong.region)
        except Refused as refused:
            answer = error_answer(refused.status, refused.code, refused.message, **refused.more)
        if fault and fault.change:
            fault.change(request, answer)
        if fault and fault.kind == "stall":
            answer.body = _stall(answer.body, fault, self.faults.stopped)
        if fault and fault.kind in {"reset", "damage"}:
            answer.body = _spoil(answer.body, fault, request.environ["werkzeug.socket"])
        span = request.headers.get("range", "")
        self._note(Seen(request.operation, request.bucket, request.name or "", span, answer.status))
        return answer

    def _note(self, seen: Seen) -> None:
        self.seen.append(seen)
        for action in self.faults.take_afterwards(seen.operation):
            action()

    def _authorise(self, request: S3Request) -> None:
        """Raise Refused or WrongRegion unless S3 would let this request through."""
        if request.access_key == ADMIN_KEY:
            if self.backend.region_of(request.bucket) is None and (request.key or request.method != "PUT"):
                raise no_such_bucket()
            return
        if not request.access_key:
            raise Refused(403, "AccessDenied", "Access Denied")
        session = None
        if request.access_key != OUR_KEY:
            token = request.headers.get("x-amz-security-token", "")
            session = self.roles.session_of(request.access_key, token, now=utc_now())
        region = self.backend.region_of(request.bucket)
        if region is None:
            raise no_such_bucket()
        if request.region != region:
            raise WrongRegion(region)
        if session is None or not session.allows(
            action=request.action, bucket=request.bucket, name=request.name
        ):
            raise Refused(403, "AccessDenied", "Access Denied")
        if request.bucket in self.requester_pays and not request.agrees_to_pay:
            raise Refused(403, "AccessDenied", "Access Denied")
        self._open_object(request, session, region)

    def _open_object(self, request: S3Request, session: Session, region: str) -> None:
        """Raise Refused unless the object itself lets the role read it: its owner, its key, its class."""
        traits = self.backend.traits_of(request.bucket, request.key) if request.key else None
        if traits is None:
            return
        if traits.owner != BUCKET_OWNER:
            raise Refused(403, "AccessDenied", "Access Denied")
        if traits.is_archived:
            words = "The operation is not valid for the object's storage class"
            raise Refused(403, "InvalidObjectState", words, StorageClass=traits.storage_class)
        if traits.customer_key:
            raise Refused(400, "InvalidRequest", SSE_C)
        if traits.kms_key:
            self.keys.decrypt(traits.kms_key, session=session, region=region)

    def _refuse_region(self, region: str) -> Answer:
        if self.wrong_region_is_malformed:
            message = f"The authorization header is malformed; the region is wrong; expecting '{region}'"
            answer = error_answer(400, "AuthorizationHeaderMalformed", message, Region=region)
        else:
            message = (
                "The bucket you are attempting to access must be addressed using the specified endpoint."
            )
            answer = error_answer(301, "PermanentRedirect", message)
        answer.headers["x-amz-bucket-region"] = region
        return answer

    def _strike(self, fault: Fault) -> None:
        if fault.kind == "hold":
            fault.hold.stop_here()
            return
        if fault.kind == "hang":
            self.faults.stopped.wait()
        if fault.kind == "slow_down":
            raise Refused(503, "SlowDown", "Please reduce your request rate.")
        if fault.kind == "server_error":
            raise Refused(500, "InternalError", "We encountered an internal error. Please try again.")
        raise Refused(403, "AccessDenied", "Access Denied")


class WrongRegion(Exception):
    def __init__(self, region: str) -> None:
        super().__init__(region)
        self.region = region


def no_such_bucket() -> Refused:
    return Refused(404, "NoSuchBucket", "The specified bucket does not exist")


def role_from_json(fields: dict[str, Any]) -> Role:
    if "actions" in fields:
        fields = {**fields, "actions": tuple(fields["actions"])}
    return Role(**fields)


def _stall(body: Iterable[bytes], fault: Fault, stopped: threading.Event) -> Iterator[bytes]:
    left = fault.after_bytes
    for chunk in body:
        yield chunk[:left]
        if left < len(chunk):
            stopped.wait()
            return
        left -= len(chunk)


def _spoil(body: Iterable[bytes], fault: Fault, connection: socket.socket) -> Iterator[bytes]:
    left = fault.after_bytes
    for chunk in body:
        if left >= len(chunk):
            left -= len(chunk)
            yield chunk
        elif fault.kind == "damage":
            yield chunk[:left] + bytes([chunk[left] ^ 1]) + chunk[left + 1 :]
            yield from body
            return
        else:
            yield chunk[:left]
            connection.shutdown(socket.SHUT_RDWR)
            return
