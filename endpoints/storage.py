"""The only module that speaks to AWS: assumes a role, lists a bucket, reads objects.

Credentials live in this process's memory alone, in botocore's clients, and are used until five minutes
before they end. Every failure is a StorageError with a message for people; AWS's texts and the SDK's
exceptions never leave this module: frames of their tracebacks hold credentials.

The SDK's own environment variables mean what they mean everywhere: AWS_ACCESS_KEY_ID, AWS_PROFILE,
AWS_REGION, AWS_ENDPOINT_URL, AWS_MAX_ATTEMPTS and the rest.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from typing import Any, BinaryIO, cast

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    UnknownRegionError,
)
from botocore.exceptions import ConnectionError as SdkConnectionError
from botocore.loaders import create_loader
from urllib3.exceptions import HTTPError

from endpoints import errors
from endpoints.denials import Denials
from endpoints.error_types import (
    DecryptDenied,
    ListDenied,
    NoCredentials,
    NoSuchBucket,
    ObjectArchived,
    ObjectChanged,
    ObjectGone,
    PackedPolicyTooLarge,
    ReadDenied,
    ReadForbidden,
    RoleDenied,
    ServerError,
    SessionPolicyRefused,
    SlowDown,
    StorageError,
    TagSessionDenied,
    UnknownRegion,
    Unreachable,
    UnsafeRole,
    UnusableResponse,
    WrongRegion,
)
from endpoints.grants import Grant
from endpoints.hosts import is_allowed_host, is_below, parse_host
from endpoints.listing import Listing, check_response, read_folders
from endpoints.models import S3Endpoint, new_external_id
from endpoints.objects import S3Object, holds_archived
from endpoints.refusals import explain_refused_role, explain_s3_refusal, is_stale_session
from endpoints.sessions import Credentials, Session, SessionCache
from endpoints.streams import ResumingStream
from endpoints.trust import explain_own_role, is_unsafe_role_allowed
from endpoints.versions import check_version

__all__ = [
    "Bucket",
    "ListDenied",
    "NoCredentials",
    "NoSuchBucket",
    "ObjectArchived",
    "ObjectChanged",
    "ObjectGone",
    "ReadDenied",
    "RoleDenied",
    "S3Object",
    "ServerError",
    "SlowDown",
    "StorageError",
    "UnknownRegion",
    "Unreachable",
    "UnsafeRole",
    "UnusableResponse",
    "WrongRegion",
    "clear_sessions",
    "find_partition",
    "has_custom_endpoint",
    "is_aws",
    "list_partitions",
    "list_regions",
    "open_bucket",
    "try_to_assume",
]

SESSION_SECONDS = 3600  # the longest that a role allows unless its owner says otherwise
CONNECT_TIMEOUT, READ_TIMEOUT = 5, 15  # seconds; the SDK retries on top of them
KEYS_A_PAGE = 1000
PARSER = f"botocore{os.sep}parsers.py"  # where what is raised says that an answer is not understood
STS = "AWS Security Token Service"

log = structlog.get_logger(__name__)
_sessions = SessionCache()
_lock = threading.Lock()  # a boto3 session makes one client at a time


class Bucket:
    """What an endpoint's role may read: one bucket under one prefix. Safe to share between threads."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant
        self._denials = Denials(grant, ask=partial(self._call, "list_objects_v2"))

    def __repr__(self) -> str:
        return f"<Bucket {self._grant.bucket} under {self._grant.prefix!r}>"

    def list_pages(self, prefix: str) -> Iterator[list[S3Object]]:
        """The objects whose key begins with `prefix` (the full one), each once; one list call a page.

        A page may be empty, the first one too. From the first page with an archived object on, S3 is asked
        which are restored, too: that page twice. Raises UnusableResponse where nobody can know what is there.
        """
        listing = Listing(prefix=prefix, page_size=KEYS_A_PAGE)
        # With an encoding asked for here, the SDK leaves names as they are: `listing` decodes them.
        asked: dict[str, Any] = {"Prefix": prefix, "MaxKeys": KEYS_A_PAGE, "EncodingType": "url"}
        while listing.position is not None:
            answer = self._list(asked | listing.position)
            if holds_archived(answer) and "OptionalObjectAttributes" not in asked:
                asked["OptionalObjectAttributes"] = ["RestoreStatus"]
                continue
            yield listing.take(answer)

    def list_folders(self, prefix: str) -> list[str]:
        """What the keys that begin with `prefix` (the full one) have up to the next slash, in S3's order.

        The first KEYS_A_PAGE of them; one list call. Those that no person could enter are left out.
        """
        answer = self._list(
            {"Prefix": prefix, "Delimiter": "/", "MaxKeys": KEYS_A_PAGE, "EncodingType": "url"}
        )
        return read_folders(answer, prefix=prefix)

    def read_range(self, obj: S3Object, *, start: int, length: int) -> bytes:
        """At most `length` bytes of the listed version from `start` on; fewer where the object ends."""
        length = min(length, obj.size - start)
        if length <= 0:
            return b""
        with self._open(obj, start=start, end=start + length) as stream:
            return stream.read()

    def open_stream(self, obj: S3Object) -> BinaryIO:
        """The whole of the listed version; a connection that breaks on the way is resumed."""
        return cast("BinaryIO", self._open(obj, start=0, end=obj.size))

    def locate(self) -> None:
        """Raise NoSuchBucket or WrongRegion unless the bucket exists in the endpoint's region.

        Needs no permission: S3 names a bucket's region even to those whom it denies the rest.
        """
        try:
            answer = self._call("head_bucket")
        except ListDenied:
            return
        region = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "")
        if region and region != self._grant.region:
            raise errors.wrong_region(self._grant, region)

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._call("list_objects_v2", **asked)
        except ListDenied as denied:
            raise self._denials.explain_list(asked["Prefix"]) or denied from None

    def _get(self, key: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self._call("get_object", Key=key, **parameters)
        except (DecryptDenied, ReadForbidden):  # AWS has said why
            raise
        except ReadDenied as denied:
            raise self._denials.explain_read(key) or denied from None

    def _open(self, obj: S3Object, *, start: int, end: int) -> ResumingStream:
        def open_at(position: int) -> Any:
            return self._open_version(obj, start=start + position, end=end)

        return ResumingStream(
            size=end - start,
            open_at=open_at,
            broken=(BotoCoreError, HTTPError, OSError),
            give_up=lambda times: errors.connection_broke(self._grant, obj.key, times=times),
            damaged=lambda: errors.object_damaged(self._grant, obj.key),
        )

    def _open_version(self, obj: S3Object, *, start: int, end: int) -> Any:
        """The bytes of the listed version as a body."""
        if obj.unusable:
            raise errors.unusable_response(errors.S3, f"{obj.key} cannot be asked for: {obj.unusable}")
        whole = (start, end) == (0, obj.size)  # S3 has no range of an empty object
        part = {} if whole else {"Range": f"bytes={start}-{end - 1}"}
        try:
            answer = self._get(obj.key, IfMatch=f'"{obj.etag}"', **part)
        except ObjectChanged:
            # A weak ETag matches nothing, not even itself (RFC 9110, 13.1.1): the answer's own tells.
            answer = self._get(obj.key, **part)
        try:
            check_version(answer, obj=obj, start=start, end=end, grant=self._grant)
        except StorageError:
            answer["Body"].close()
            raise
        return answer["Body"]

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self._call_once(operation, **parameters)
        except _StaleSession:
            _sessions.forget(self._grant)
        try:
            return self._call_once(operation, **parameters)
        except _StaleSession:
            raise errors.session_refused(self._grant) from None

    def _call_once(self, operation: str, **parameters: Any) -> dict[str, Any]:
        client = _sessions.get(self._grant, start=_assume).client

        def explain(answer: dict[str, Any]) -> Exception:
            if is_stale_session(answer):
                return _StaleSession()
            return explain_s3_refusal(answer, grant=self._grant, key=parameters.get("Key"))

        with translate_sdk_errors(errors.S3, self._grant.region, explain):
            answer: dict[str, Any] = getattr(client, operation)(Bucket=self._grant.bucket, **parameters)
            return answer


class _StaleSession(Exception):
    """S3 does not know our temporary credentials any more, although they have not ended."""


def open_bucket(
    endpoint: S3Endpoint, *, prefix: str = "", fresh: bool = False, testing: bool = False
) -> Bucket:
    """Read access to the endpoint's bucket under `prefix`, relative to the endpoint's path prefix.

    Assumes the role unless that has been done within the hour; `fresh` does it again in any case. On AWS a
    role that opens without the right external ID is not used, but for a test of it (`testing`).
    Raises RoleDenied, UnsafeRole, NoCredentials, Unreachable and the other StorageErrors.
    """
    grant = Grant.for_endpoint(endpoint, prefix=prefix, testing=testing)
    if endpoint.test_state == S3Endpoint.TestState.UNSAFE and _requires_safe_role(grant):
        raise errors.unsafe_role(grant)
    if fresh:
        _sessions.forget(grant)
    _sessions.get(grant, start=_assume)
    return Bucket(grant)


def try_to_assume(endpoint: S3Endpoint, *, external_id: str | None) -> None:
    """Return when the role can be assumed with this external ID (None: without any), else raise RoleDenied.

    For the test of the role's trust policy. The credentials are thrown away.
    """
    _assume_role(Grant.for_endpoint(endpoint), external_id=external_id)


@cache
def list_regions() -> tuple[str, ...]:
    """The regions that have S3, by name, of all partitions that the SDK knows."""
    partitions = list_partitions()
    with _lock:
        get_regions = _boto_session().get_available_regions
        return tuple(sorted(region for name in partitions for region in get_regions("s3", name)))


@cache
def list_partitions() -> tuple[str, ...]:
    """`aws`, `aws-cn`, `aws-us-gov`, `aws-eusc` and so on."""
    with _lock:
        return tuple(_boto_session().get_available_partitions())


@lru_cache(maxsize=200)  # people may type anything
def find_partition(region: str) -> str | None:
    """The partition of a region, also of one newer than the SDK's data; None where AWS has no such region."""
    try:
        with _lock:
            return _boto_session().get_partition_for_region(region)
    except UnknownRegionError:
        return None


@cache
def list_dns_suffixes() -> dict[str, str]:
    """`amazonaws.com` and so on, by partition."""
    partitions = create_loader().load_data("partitions")["partitions"]
    return {partition["id"]: partition["outputs"]["dnsSuffix"] for partition in partitions}


def has_custom_endpoint() -> bool:
    """Whether the operator has set an S3 endpoint of their own."""
    return bool(_get_custom_endpoint())


def is_aws() -> bool:
    """Whether requests go to AWS: to the SDK's default hosts, or below AWS's domains (PrivateLink)."""
    own = _get_custom_endpoint()
    return not own or is_below(parse_host(own), list_dns_suffixes().values())


def _get_custom_endpoint() -> str:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


def clear_sessions() -> None:
    """Drop every credential and client, for example because the environment's variables changed."""
    _sessions.clear()
    _boto_session.cache_clear()


def _assume(grant: Grant) -> Session:
    credentials = _assume_role(grant, external_id=grant.external_id)
    if _requires_safe_role(grant):
        _refuse_unsafe(grant)
    with translate_sdk_errors(errors.S3, grant.region, partial(explain_s3_refusal, grant=grant, key=None)):
        client = _new_client("s3", grant.region, **credentials.for_client())
    client.meta.events.register("before-call.s3", _disable_redirects)
    client.meta.events.register(
        "before-send.s3", partial(_restrict_hosts, grant, parse_host(client.meta.endpoint_url))
    )
    # By this pattern it comes before the SDK's own look, to which a page that is no XML is a failure of S3's.
    client.meta.events.register_first("before-parse.*.*", check_response)
    return Session(client=client, ends=credentials.ends)


def _requires_safe_role(grant: Grant) -> bool:
    return is_aws() and not grant.testing and not is_unsafe_role_allowed(grant.external_id)


def _refuse_unsafe(grant: Grant) -> None:
    """Raises UnsafeRole where the role opens without our external ID: asked at each session's start, because
    whoever owns the role may change it after the endpoint's test, or never have tested it.
    """
    for external_id in (None, new_external_id()):
        try:
            _assume_role(grant, external_id=external_id)
        except TagSessionDenied:  # our session tags were refused: who has none might be let in
            raise
        except RoleDenied:
            continue
        raise errors.unsafe_role(grant)


def _assume_role(grant: Grant, *, external_id: str | None) -> Credentials:
    if problem := explain_own_role(grant.role_arn):
        raise errors.own_role(grant, problem)
    if is_aws() and grant.region not in list_regions():
        raise errors.unknown_region(grant)
    try:
        return _assume_within(grant, grant.list_session_policies(), external_id)
    except SessionPolicyRefused:
        if not has_custom_endpoint():
            raise
    # Other stores than AWS know no KMS, and some refuse a whole policy that names an action of it.
    return _assume_within(grant, grant.list_session_policies(with_kms=False), external_id)


def _assume_within(grant: Grant, policies: Iterator[str], external_id: str | None) -> Credentials:
    """With the first of the session policies that is not too large for STS."""
    too_large = None
    for policy in policies:
        try:
            return _ask_sts(grant, policy, external_id)
        except PackedPolicyTooLarge as error:
            too_large = error
    raise too_large or errors.packed_policy_too_large(grant)


def _ask_sts(grant: Grant, policy: str, external_id: str | None) -> Credentials:
    request = {
        "RoleArn": grant.role_arn,
        "RoleSessionName": grant.session_name,
        "DurationSeconds": SESSION_SECONDS,
        "Policy": policy,
    }
    if external_id is not None:
        request["ExternalId"] = external_id
    # Our own region where one is set: a region that a customer had to opt into may be off in our account,
    # while the tokens of any regional STS are good for S3 in every region.
    explain = partial(explain_refused_role, grant=grant)
    with translate_sdk_errors(STS, grant.region, explain):
        region = _boto_session().region_name or grant.region
        given = _new_client("sts", region).assume_role(**request).get("Credentials", {})
        if not given.keys() >= Credentials.FIELDS:
            raise errors.unusable_response(STS, "it holds no credentials")
        return Credentials(given)


def _disable_redirects(params: dict[str, Any], **_: Any) -> None:
    """Stop botocore from following redirects to another region: a wrong region is an error to report."""
    params["context"].setdefault("s3_redirect", {})["redirected"] = True


def _restrict_hosts(grant: Grant, set_up: str, request: Any, **_: Any) -> None:
    """Allow no host but S3's in the endpoint's region, or the operator's own, whatever the bucket's name."""
    suffix = list_dns_suffixes().get(find_partition(grant.region) or "", "")
    host = parse_host(request.url)
    if not is_allowed_host(host, set_up=set_up, region=grant.region, dns_suffix=suffix):
        raise errors.host_refused(grant, host)


@cache
def _boto_session() -> boto3.session.Session:
    return boto3.session.Session()


def _new_client(service: str, region: str, **credentials: str) -> Any:
    """The SDK makes a client's methods when it runs: no type knows them all."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard"},
        signature_version="s3v4" if service == "s3" else "v4",
        s3={"addressing_style": "path" if has_custom_endpoint() else "auto"},
        user_agent_extra="denominator",
    )
    session: Any = _boto_session()
    with _lock:
        return session.client(service, region_name=region, config=config, **credentials)


@contextmanager
def translate_sdk_errors(
    service: str, region: str, explain: Callable[[dict[str, Any]], Exception]
) -> Iterator[None]:
    """Turn every exception of the SDK into a StorageError.

    Raised `from None`: the SDK's errors carry requests, and a request carries credentials.
    """
    try:
        yield
    except ClientError as refusal:
        raise explain(cast("dict[str, Any]", refusal.response)) from None
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError):
        raise errors.no_credentials() from None
    except (HTTPClientError, SdkConnectionError, OSError):
        raise errors.unreachable(service, region=region) from None
    except StorageError:
        raise
    except Exception as error:  # whatever it is: nothing of the SDK's may leave here
        if type(error).__module__.startswith("billiard"):
            raise  # the worker's time is over, in the middle of a call
        where = traceback.format_tb(error.__traceback__)  # lines of code, without a value
        log.error("the SDK failed", service=service, error=type(error).__name__, where=where)
        if any(PARSER in line for line in where):
            raise errors.unusable_response(service, "it does not follow the protocol") from None
        raise errors.sdk_failed(service, type(error).__name__) from None
