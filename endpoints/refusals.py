"""Maps AWS's error codes to StorageErrors. The responses are the SDK's parsed dictionaries.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from typing import Any

from endpoints import encryption_errors, errors
from endpoints.error_types import StorageError
from endpoints.grants import Grant

OWN_CREDENTIALS = {
    "InvalidClientTokenId",
    "ExpiredToken",
    "ExpiredTokenException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "UnrecognizedClientException",
    "MissingAuthenticationToken",
}
STALE_SESSION = {"InvalidAccessKeyId", "ExpiredToken", "InvalidToken", "TokenRefreshRequired"}
SLOW = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
REGION = {
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
}
DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "AccountProblem",
    "UnauthorizedAccess",
}
CLOCK = {"RequestTimeTooSkewed", "RequestExpired"}
# The second and third are how other stores than AWS say it.
POLICY_REFUSED = {"MalformedPolicyDocument", "InvalidParameterValue", "InvalidArgument"}


def explain_refused_role(answer: dict[str, Any], *, grant: Grant) -> StorageError:
    """Why STS did not let us assume the role."""
    code, status = _code(answer), _status(answer)
    if code in DENIED:
        is_about_tags = "sts:TagSession" in _words(answer)
        return errors.tag_session_denied(grant) if is_about_tags else errors.role_denied(grant)
    if code in {"PackedPolicyTooLarge", "PackedPolicyTooLargeException"}:
        return errors.packed_policy_too_large(grant)
    if code in POLICY_REFUSED:
        return errors.session_policy_refused(grant, code)
    if code in CLOCK:
        return errors.clock_is_wrong()
    if code in OWN_CREDENTIALS:
        return errors.own_credentials_refused(code)
    if code == "ValidationError":
        return errors.role_refused_as_written(grant, code)
    if code == "RegionDisabledException":
        return errors.sts_not_in_region()
    return _explain_service(code, status, "AWS Security Token Service")


def explain_s3_refusal(answer: dict[str, Any], *, grant: Grant, key: str | None) -> StorageError:
    """Why S3 did not answer; `key` is that of the object asked for, None where it was the bucket."""
    code, status, region = _code(answer), _status(answer), _bucket_region(answer)
    if code in REGION or status in {301, 307} or (status == 400 and region not in {"", grant.region}):
        return errors.wrong_region(grant, region)
    if code == "NoSuchBucket" or (status == 404 and key is None):
        return errors.no_such_bucket(grant)
    if code in CLOCK:
        return errors.clock_is_wrong()
    words = _words(answer)
    if key is not None and (found := _explain_object(code, status, words, grant, key)):
        return found
    if code in DENIED or status == 403:
        if region not in {"", grant.region}:
            return errors.wrong_region(grant, region)
        return errors.list_denied(grant, words) if key is None else errors.read_denied(grant, key, words)
    return _explain_service(code, status, "Amazon S3")


def is_stale_session(answer: dict[str, Any]) -> bool:
    return _code(answer) in STALE_SESSION


def _explain_object(code: str, status: int, words: str, grant: Grant, key: str) -> StorageError | None:
    if code.startswith("KMS."):
        return encryption_errors.kms_key_unusable(grant, key, code, words)
    if code == "InvalidRequest" and "server side encryption" in words.lower():
        return encryption_errors.customer_provided_key(grant, key)
    if code == "NoSuchKey" or status == 404:
        return errors.object_gone(grant, key)
    if code == "PreconditionFailed" or status == 412:
        return errors.object_changed(grant, key)
    if code == "InvalidRange" or status == 416:  # the listed version is longer, so this is another one
        return errors.object_changed(grant, key)
    if code == "InvalidObjectState":
        return errors.object_archived(grant, key)
    return None


def _explain_service(code: str, status: int, service: str) -> StorageError:
    if code in SLOW or status == 429:
        return errors.slow_down(service)
    if status >= 500:
        return errors.server_error(service)
    return errors.not_understood(service, code)


def _code(answer: dict[str, Any]) -> str:
    return str(answer.get("Error", {}).get("Code", ""))


def _words(answer: dict[str, Any]) -> str:
    return str(answer.get("Error", {}).get("Message", ""))


def _status(answer: dict[str, Any]) -> int:
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _bucket_region(answer: dict[str, Any]) -> str:
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("x-amz-bucket-region") or answer.get("Error", {}).get("Region", ""))
