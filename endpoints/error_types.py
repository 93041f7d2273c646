"""The types of storage errors. Their messages are in `endpoints.errors`."""

from __future__ import annotations


class StorageError(Exception):
    """`message` says what happened, `remedy` what to do, in sentences for people; `code` is for programs.

    `retryable`: the same call may succeed in a while with nothing changed by anyone.
    """

    code = "storage_error"
    retryable = False

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)  # both, so that the error survives pickling
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class Unreachable(StorageError):
    code = "unreachable"
    retryable = True


class NoCredentials(StorageError):
    """Denominator itself has no working AWS credentials: a matter for its operator, not the customer."""

    code = "no_credentials"


class RoleDenied(StorageError):
    code = "role_denied"


class OwnRole(StorageError):
    """A role of our own AWS account."""

    code = "own_role"


class UnsafeRole(StorageError):
    """The role can be assumed without the right external ID."""

    code = "unsafe_role"


class UnknownRegion(StorageError):
    code = "unknown_region"


class HostRefused(StorageError):
    """The SDK would have asked another host than S3's in the endpoint's region."""

    code = "host_refused"


class TagSessionDenied(RoleDenied):
    """The role's trust policy lets us assume it, but not with the session tags of our own credentials."""

    code = "tag_session_denied"


class PackedPolicyTooLarge(StorageError):
    code = "packed_policy_too_large"


class SessionPolicyRefused(StorageError):
    code = "session_policy_refused"


class ListDenied(StorageError):
    code = "list_denied"


class RequesterPays(StorageError):
    code = "requester_pays"


class ReadDenied(StorageError):
    code = "read_denied"


class DecryptDenied(ReadDenied):
    code = "decrypt_denied"


class ReadForbidden(ReadDenied):
    """By an explicit deny, which no permission outweighs."""


class OwnedByAnotherAccount(ReadDenied):
    code = "owned_by_another_account"


class KmsKeyUnusable(StorageError):
    code = "kms_key_unusable"


class CustomerProvidedKey(StorageError):
    code = "customer_provided_key"


class WrongRegion(StorageError):
    code = "wrong_region"


class NoSuchBucket(StorageError):
    code = "no_such_bucket"


class ObjectGone(StorageError):
    code = "object_gone"


class ObjectChanged(StorageError):
    """The object is no longer the version that was listed."""

    code = "object_changed"


class ObjectArchived(StorageError):
    code = "object_archived"


class SlowDown(StorageError):
    code = "slow_down"
    retryable = True


class ServerError(StorageError):
    code = "server_error"
    retryable = True


class UnusableResponse(StorageError):
    """The response is not S3's, or violates its protocol in a way that cannot be tolerated."""

    code = "unusable_response"
