"""What AWS takes as a role ARN, a bucket name, a prefix and a region; and what people paste instead.

Each `clean_…` takes what a person typed or pasted and returns the value to keep, or raises ValidationError
with a message that says what to put there.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from django.core.exceptions import ValidationError

ROLE_ARN = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):iam::[0-9]{12}:role/([\x21-\x7e]{1,510}/)?[A-Za-z0-9_+=,.@-]{1,64}"
)
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
REGION = re.compile(r"[a-z]{2}(-[a-z]+){1,3}-\d{1,2}")
MAX_KEY_BYTES = 1024
MAX_ROLE_ARN = 2048


def clean_role_arn(value: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns

    A role's path is up to 512 characters between slashes, its name up to 64 of letters, digits and +=,.@_-
    (https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html).
    """
    value = value.strip()
    if ROLE_ARN.fullmatch(value) and len(value) <= MAX_ROLE_ARN:
        return value
    if ":assumed-role/" in value:
        hint = "This is the ARN of a session. Paste the ARN of the role itself, from the role's page in IAM."
    elif re.fullmatch(r"arn:[\w-]+:iam::\d{12}:(user|group|policy|root|instance-profile).*", value):
        hint = "This is not the ARN of a role. Paste the Role ARN from the role's page in IAM."
    elif value.startswith("denominator-"):
        hint = "This is the External ID. Paste the ARN of the role that you created with it."
    else:
        hint = "Paste the role's whole ARN, such as arn:aws:iam::123456789012:role/ExampleRole."
    raise ValidationError(hint, code="role_arn")


def clean_bucket(value: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (general purpose)"""
    value = value.strip()
    if found := re.match(r"(?:s3a?://|arn:[\w-]+:s3:::)([^/*]*)/?(.*)", value):
        raise ValidationError(_name_alone(found[1], found[2].rstrip("*")), code="bucket")
    if value.startswith(("http://", "https://")) or "/" in value:
        raise ValidationError(
            "Enter the bucket's name alone, as the S3 console lists it, without an address or a path.",
            code="bucket",
        )
    if problem := _bucket_problem(value):
        raise ValidationError(problem, code="bucket")
    return value


def clean_prefix(value: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

    Slashes at its beginning are dropped: no key of an export begins with one, and people type them.
    """
    value = value.strip().lstrip("/")
    if value.startswith(("s3://", "arn:")):
        raise ValidationError(
            "Enter the path alone, without the bucket: for example exports/usage/.", code="prefix"
        )
    if bad := next((char for char in value if unicodedata.category(char) in {"Cc", "Cs"}), None):
        raise ValidationError(
            f"The prefix holds a control character (U+{ord(bad):04X}). Type it again by hand.", code="prefix"
        )
    if len(value.encode()) > MAX_KEY_BYTES:
        raise ValidationError(
            f"An S3 key has at most {MAX_KEY_BYTES:,} bytes; this prefix has {len(value.encode()):,}.",
            code="prefix",
        )
    return value


def clean_region(value: str, *, known: tuple[str, ...]) -> str:
    """https://docs.aws.amazon.com/general/latest/gr/s3.html

    A region that is not in `known` passes where it looks like one: AWS opens regions between our releases.
    """
    value = value.strip().lower()
    if value in known or REGION.fullmatch(value):
        return value
    if found := next((region for region in known if region in value), None):
        raise ValidationError(f"Enter the region's code alone: {found}.", code="region")
    raise ValidationError("Enter the region's code, such as us-east-1 or eu-central-1.", code="region")


def _name_alone(bucket: str, prefix: str) -> str:
    path = f" and {prefix} into S3 Path Prefix" if prefix else ""
    if bucket:
        return f"Enter the bucket's name alone: put {bucket} here{path}."
    return "Enter the bucket's name alone, as the S3 console lists it."


def _bucket_problem(value: str) -> str:
    """Which of AWS's rules the name breaks, or an empty text."""
    if not 3 <= len(value) <= 63:
        return f"A bucket name has 3 to 63 characters; this has {len(value)}."
    if not BUCKET.fullmatch(value):
        return (
            "A bucket name has only lowercase letters, digits, dots and hyphens, "
            "and begins and ends with a letter or a digit."
        )
    if ".." in value:
        return "A bucket name has no two dots side by side."
    if _is_ip_address(value):
        return "A bucket name does not look like an IP address."
    if reserved := next(filter(value.startswith, RESERVED_PREFIXES), None):
        return f"AWS allows no bucket name that begins with {reserved}."
    if reserved := next(filter(value.endswith, RESERVED_SUFFIXES), None):
        return f"AWS allows no bucket name that ends with {reserved}: enter the bucket behind it."
    return ""


def _is_ip_address(value: str) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True
