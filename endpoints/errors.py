"""Messages of storage errors: each names the resource and the remedy."""

from __future__ import annotations

from django.conf import settings

from endpoints.encryption_errors import decrypt_denied, mentions_kms
from endpoints.error_types import (
    HostRefused,
    ListDenied,
    NoCredentials,
    NoSuchBucket,
    ObjectArchived,
    ObjectChanged,
    ObjectGone,
    OwnedByAnotherAccount,
    OwnRole,
    PackedPolicyTooLarge,
    ReadDenied,
    ReadForbidden,
    RequesterPays,
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

S3 = "Amazon S3"


def unreachable(service: str, *, region: str) -> Unreachable:
    return Unreachable(
        f"{service} in region {region} could not be reached.",
        "Check the region's name and that Denominator's network lets it connect to AWS, then try again.",
    )


def no_credentials() -> NoCredentials:
    return NoCredentials(
        "Denominator has no AWS credentials of its own, with which it would assume the role.",
        "Its administrator has to provide them by the AWS SDK's usual means, "
        "for example AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or an instance role.",
    )


def own_credentials_refused(code: str) -> NoCredentials:
    return NoCredentials(
        f"AWS refused Denominator's own credentials ({code}).",
        "Its administrator has to renew them, or to set the machine's clock right.",
    )


def role_denied(grant: Grant) -> RoleDenied:
    return RoleDenied(
        f"The role {grant.role_arn} cannot be assumed.",
        f"Check that the role exists and that its trust policy lets {our_account()} call sts:AssumeRole "
        "with this endpoint's External ID. A change in IAM takes up to a minute to spread.",
    )


def own_role(grant: Grant, words: str) -> OwnRole:
    return OwnRole(f"The role {grant.role_arn} is not assumed.", words)


def unsafe_role(grant: Grant) -> UnsafeRole:
    return UnsafeRole(
        f"Nothing is read through the role {grant.role_arn}, because it can be assumed without this "
        "endpoint's External ID: any other customer of Denominator who knows its ARN could read through it.",
        "Replace the role's trust policy by the one shown for this endpoint, then click Test Endpoint. Or "
        "Denominator's administrator names the External ID in UNSAFE_ENDPOINTS_ALLOWED.",
    )


def unknown_region(grant: Grant) -> UnknownRegion:
    return UnknownRegion(
        f"AWS has no region {grant.region} that Denominator's AWS SDK knows.",
        "Enter the bucket's region, as the S3 console shows it beside the bucket's name. A region that AWS "
        "has opened since needs a newer release of Denominator.",
    )


def host_refused(grant: Grant, host: str) -> HostRefused:
    return HostRefused(
        f"The bucket {grant.bucket} leads to the host {host}, which is not one of S3's in {grant.region}.",
        "Enter the name of a bucket, not of an access point or a directory bucket.",
    )


def tag_session_denied(grant: Grant) -> TagSessionDenied:
    return TagSessionDenied(
        f"The role {grant.role_arn} does not allow sts:TagSession, and Denominator's own credentials carry "
        "session tags, which AWS passes on (EKS Pod Identity sets them).",
        "Replace the role's trust policy by the one shown for this endpoint: its second statement allows the "
        "tags. Or Denominator's administrator disables session tags in the Pod Identity association.",
    )


def packed_policy_too_large(grant: Grant) -> PackedPolicyTooLarge:
    return PackedPolicyTooLarge(
        f"AWS refused to assume the role {grant.role_arn}: the session policy that narrows it to "
        f"{place(grant)}, packed together with the session tags of Denominator's own credentials, is larger "
        "than AWS allows (PackedPolicyTooLarge).",
        "Denominator's administrator has to give its credentials fewer or shorter session tags; with EKS Pod "
        "Identity, by disabling session tags in the Pod Identity association.",
    )


def session_policy_refused(grant: Grant, code: str) -> SessionPolicyRefused:
    return SessionPolicyRefused(
        f"The session policy that narrows the role {grant.role_arn} to {place(grant)} was refused ({code}).",
        "Check the endpoint's Bucket Name, S3 Path Prefix and Role ARN; if they are right, tell "
        "Denominator's administrator.",
    )


def role_refused_as_written(grant: Grant, code: str) -> RoleDenied:
    return RoleDenied(
        f"AWS does not accept {grant.role_arn} as a role to assume ({code}).",
        "Copy the Role ARN again from the role's page in the AWS console.",
    )


def sts_not_in_region() -> RoleDenied:
    return RoleDenied(
        "AWS Security Token Service is not active for Denominator's account in the region that it uses.",
        "Its administrator has to activate the region in AWS, or to set AWS_REGION to one that is active.",
    )


def session_refused(grant: Grant) -> RoleDenied:
    return RoleDenied(
        f"Amazon S3 refused the temporary credentials of the role {grant.role_arn}.",
        "Check that the role still exists and that its sessions have not been revoked, then try again.",
    )


def list_denied(grant: Grant, words: str = "") -> ListDenied:
    condition = f", with the condition s3:prefix {grant.prefix}*" if grant.prefix else ""
    return ListDenied(
        f"The role {grant.role_arn} may not list {place(grant)}.",
        forbidden_elsewhere(words)
        or f"Allow s3:ListBucket on {bucket_arn(grant)} in the role's policy{condition}.",
    )


def requester_pays(grant: Grant) -> RequesterPays:
    return RequesterPays(
        f"The bucket {grant.bucket} is set to Requester Pays: it answers only requesters who agree to "
        f"pay, and Denominator does not agree for the account of the role {grant.role_arn}.",
        "Create the role in the AWS account that owns the bucket, which does not need to agree, or turn "
        "Requester Pays off in the bucket's Properties.",
    )


def read_denied(grant: Grant, key: str, words: str = "") -> ReadDenied:
    if mentions_kms(words):
        return decrypt_denied(grant, key, words)
    message = f"The role {grant.role_arn} may not read {key} in bucket {grant.bucket}."
    if forbidden := forbidden_elsewhere(words):
        return ReadForbidden(message, forbidden)
    return ReadDenied(
        message,
        f"Allow s3:GetObject on {bucket_arn(grant)}/{grant.prefix}* in the role's policy. Where it is "
        "allowed, the object may be encrypted with a KMS key (then allow kms:Decrypt on the key, too) or "
        "belong to the account that uploaded it (then set the bucket's Object Ownership to “Bucket owner "
        "enforced”).",
    )


def owned_by_another_account(grant: Grant, key: str) -> OwnedByAnotherAccount:
    return OwnedByAnotherAccount(
        f"The role {grant.role_arn} may not read {key} in bucket {grant.bucket}: the object belongs to "
        "another AWS account than the files beside it, to the one that uploaded it.",
        "Set the bucket's Object Ownership to “Bucket owner enforced”, or have the file uploaded again with "
        "the ACL bucket-owner-full-control.",
    )


def forbidden_elsewhere(words: str) -> str:
    """The remedy where AWS names an explicit deny, which no permission of the role can outweigh."""
    if "explicit deny" not in words:
        return ""
    return (
        "An explicit deny forbids it: look for one in the bucket policy, in the role's permissions boundary "
        "and in your organization's service control policies."
    )


def wrong_region(grant: Grant, region: str) -> WrongRegion:
    if not region:
        return WrongRegion(
            f"The bucket {grant.bucket} is not in region {grant.region}.",
            "Set Region to the bucket's own: the S3 console shows it under the bucket's Properties.",
        )
    return WrongRegion(
        f"The bucket {grant.bucket} is in region {region}, not in {grant.region}.", f"Set Region to {region}."
    )


def no_such_bucket(grant: Grant) -> NoSuchBucket:
    return NoSuchBucket(
        f"There is no bucket {grant.bucket}.",
        "Check the Bucket Name: the name alone, as the S3 console lists it.",
    )


def object_gone(grant: Grant, key: str) -> ObjectGone:
    return ObjectGone(
        f"{key} is no longer in bucket {grant.bucket}.", "List the bucket again to see what is there now."
    )


def object_changed(grant: Grant, key: str) -> ObjectChanged:
    return ObjectChanged(
        f"{key} in bucket {grant.bucket} was overwritten while it was being read.",
        "Read it again to get the new version.",
    )


def object_archived(grant: Grant, key: str) -> ObjectArchived:
    return ObjectArchived(
        f"{key} in bucket {grant.bucket} is archived and cannot be read.",
        "Restore it, or keep the exports in a storage class that is read at once.",
    )


def object_damaged(grant: Grant, key: str) -> ServerError:
    return ServerError(
        f"What arrived of {key} in bucket {grant.bucket} does not match its checksum or its size.",
        "Try again.",
    )


def connection_broke(grant: Grant, key: str, *, times: int) -> Unreachable:
    return Unreachable(
        f"The connection broke {times} times while {key} was read from bucket {grant.bucket}.",
        "Check the network between Denominator and AWS, then try again.",
    )


def slow_down(service: str) -> SlowDown:
    return SlowDown(f"{service} asks for fewer requests.", "Wait a minute, then try again.")


def server_error(service: str) -> ServerError:
    return ServerError(f"{service} has a failure of its own.", "Try again in a few minutes.")


def clock_is_wrong() -> StorageError:
    return StorageError(
        "AWS refused the request because the clock of Denominator's machine is wrong.",
        "Its administrator has to set the clock right (NTP).",
    )


def not_understood(service: str, code: str) -> StorageError:
    return StorageError(
        f"{service} answered with an error that Denominator does not know: {code}.",
        "Look the code up in AWS's documentation; if it persists, tell Denominator's administrator.",
    )


def sdk_failed(service: str, name: str) -> StorageError:
    return StorageError(
        f"The AWS SDK could not ask {service}: {name}.",
        "Denominator's administrator has to check its settings, such as AWS_PROFILE and AWS_ENDPOINT_URL.",
    )


def unusable_response(service: str, why: str) -> UnusableResponse:
    return UnusableResponse(
        f"The answer of {service} cannot be used: {why}.",
        "Check that AWS_ENDPOINT_URL, where it is set, names a store that speaks the S3 protocol, and that "
        "no proxy or sign-in page answers in its place; then report it to the store's operator.",
    )


def our_account() -> str:
    return (
        f"AWS account {settings.AWS_ACCOUNT_ID}" if settings.AWS_ACCOUNT_ID else "Denominator's AWS account"
    )


def place(grant: Grant) -> str:
    return f"bucket {grant.bucket}" + (f" under the prefix {grant.prefix}" if grant.prefix else "")


def bucket_arn(grant: Grant) -> str:
    return f"arn:{grant.partition}:s3:::{grant.bucket}"
