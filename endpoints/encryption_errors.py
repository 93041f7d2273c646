"""Errors of encrypted objects; the messages name the key and the remedy.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""

from __future__ import annotations

import re

from endpoints.error_types import CustomerProvidedKey, DecryptDenied, KmsKeyUnusable
from endpoints.grants import Grant

KMS_KEY = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")


def decrypt_denied(grant: Grant, key: str, words: str) -> DecryptDenied:
    kms_key = find_kms_key(words)
    if "explicit deny" in words:
        remedy = (
            f"An explicit deny forbids it: look for one in the key policy of {kms_key}, in the role's "
            "policies and in your organization's service control policies."
        )
    elif "no resource-based policy" in words or "does not exist in this region" in words:
        remedy = (
            f"Let the key policy of {kms_key} allow kms:Decrypt to the role: it is needed beside the role's "
            "own policy where the key is in another AWS account."
        )
    elif "no session policy" in words:
        remedy = (
            "Denominator's session may decrypt through S3 in the bucket's own region alone: check the "
            "endpoint's Region."
        )
    else:
        remedy = (
            f"In its policy, allow the role kms:Decrypt on {kms_key}. The endpoint's page shows the policy "
            "under “If the files are encrypted with a customer-managed KMS key”."
        )
    return DecryptDenied(
        f"The role {grant.role_arn} may not decrypt {key} in bucket {grant.bucket}, which is encrypted with "
        f"{kms_key}.",
        remedy,
    )


def kms_key_unusable(grant: Grant, key: str, code: str, words: str) -> KmsKeyUnusable:
    kms_key = find_kms_key(words)
    if code == "KMS.DisabledException":
        state, remedy = "is disabled", "Enable the key in AWS KMS."
    elif "pending deletion" in words.lower():
        state, remedy = "waits for its deletion", "Cancel the deletion in AWS KMS and enable the key."
    elif code == "KMS.NotFoundException":
        state = "does not exist any more"
        remedy = "Upload the file again, encrypted with a key that exists."
    else:
        state, remedy = f"cannot be used ({code.removeprefix('KMS.')})", "Look at the key's state in AWS KMS."
    return KmsKeyUnusable(
        f"{key} in bucket {grant.bucket} cannot be read: it is encrypted with {kms_key}, which {state}.",
        remedy,
    )


def customer_provided_key(grant: Grant, key: str) -> CustomerProvidedKey:
    return CustomerProvidedKey(
        f"{key} in bucket {grant.bucket} is encrypted with a key that only its uploader has (SSE-C).",
        "Upload it without one: Amazon S3 then encrypts it with a key of its own (SSE-S3), or with one in "
        "AWS KMS (SSE-KMS).",
    )


def mentions_kms(words: str) -> bool:
    # The second is how KMS denies a key of another account or region.
    return "kms:" in words.lower() or "the ciphertext refers to a customer master key" in words.lower()


def find_kms_key(words: str) -> str:
    """The key that AWS names."""
    found = KMS_KEY.search(words)
    return f"the KMS key {found[0]}" if found else "the KMS key"
