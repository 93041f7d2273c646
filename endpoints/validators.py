"""What AWS takes as a role ARN, a bucket name, a prefix and a region; and what people paste instead.

Each `clean_…` takes what a person typed or pasted and returns the value to keep, or raises ValidationError
with a message that says what to put there.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable

from django.core.exceptions import ValidationError

from endpoints.prefixes import normalise_path_prefix
from endpoints.storage import find_partition, is_aws, list_partitions, list_regions
from endpoints.trust import explain_own_role

ROLE_ARN = re.compile(r"arn:([a-z-]+):iam::[0-9]{12}:role/([\x21-\x7e]{1,510}/)?[A-Za-z0-9_+=,.@-]{1,64}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
OLD_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")
OLD_BUCKETS_IN = "us-east-1"
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}")
OWN_REGION = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")  # of another store than AWS
MAX_KEY_BYTES = 1024
MAX_ROLE_ARN = 2048


def clean_role_arn(value: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns

    A role's path is up to 512 characters between slashes, its name up to 64 of letters, digits and +=,.@_-
    (https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html).
    """
    value = value.strip()
    found = ROLE_ARN.fullmatch(value)
    if found and found[1] in list_partitions() and len(value) <= MAX_ROLE_ARN:
        if problem := explain_own_role(value):
            raise ValidationError(problem, code="own_role")
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


def clean_bucket(value: str, *, region: str = "") -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (general purpose)

    Until March 2018 names in us-east-1 might have uppercase letters, underscores and up to 255 characters.
    """
    value = value.strip()
    if found := re.match(r"(?:s3a?://|arn:[\w-]+:s3:::)([^/*]*)/?(.*)", value):
        raise ValidationError(_name_alone(found[1], found[2].rstrip("*")), code="bucket")
    if value.startswith(("http://", "https://")) or "/" in value:
        raise ValidationError(
            "Enter the bucket's name alone, as the S3 console lists it, without an address or a path.",
            code="bucket",
        )
    if problem := _bucket_problem(value, region):
        raise ValidationError(problem, code="bucket")
    return value


def clean_prefix(value: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

    Slashes stay where they are typed: keys may begin with one, as those of AWS's own cost reports did.
    """
    value = value.strip()
    if value.startswith(("s3://", "arn:")):
        raise ValidationError(
            "Enter the path alone, without the bucket: for example exports/usage/.", code="prefix"
        )
    if bad := next((char for char in value if unicodedata.category(char) in {"Cc", "Cs"}), None):
        raise ValidationError(
            f"The prefix holds a control character (U+{ord(bad):04X}). Type it instead of pasting it.",
            code="prefix",
        )
    if len(value.encode()) > MAX_KEY_BYTES:
        raise ValidationError(
            f"An S3 key has at most {MAX_KEY_BYTES:,} bytes; this prefix has {len(value.encode()):,}.",
            code="prefix",
        )
    return value


def clean_region(value: str, *, known: tuple[str, ...]) -> str:
    """https://docs.aws.amazon.com/general/latest/gr/s3.html

    AWS has those in `known` alone: what only looks like one would become a host's name. Another store than
    AWS may call its regions as it likes.
    """
    value = value.strip().lower()
    if value in known or (not is_aws() and OWN_REGION.fullmatch(value)):
        return value
    if found := next((region for region in known if region in value), None):
        raise ValidationError(f"Enter the region's code alone: {found}.", code="region")
    hint = f" AWS has no region {value} that Denominator's AWS SDK knows." if REGION.fullmatch(value) else ""
    raise ValidationError(f"Enter the region's code, such as us-east-1 or eu-central-1.{hint}", code="region")


def check_partition(*, role_arn: str, region: str) -> None:
    """A role opens buckets of its own partition alone. Raises ValidationError for a region of another one."""
    of_role, of_region = role_arn.split(":")[1], find_partition(region)
    if of_region not in (None, of_role):
        raise ValidationError(
            f"{region} is a region of {of_region}, and the role is one of {of_role}. Enter a region of "
            f"{of_role}, or the ARN of a role of {of_region}: it begins with arn:{of_region}:iam.",
            code="partition",
        )


def clean_connection(**fields: str) -> dict[str, str]:
    """The fields of a connection, some or all, in the form to keep.

    Raises ValidationError keyed by field, for all at once.
    """
    cleaners: dict[str, Callable[[str], str]] = {
        "role_arn": clean_role_arn,
        "region": lambda value: clean_region(value, known=list_regions()),
        "bucket": lambda value: clean_bucket(value, region=cleaned.get("region", "")),
        "path_prefix": lambda value: normalise_path_prefix(clean_prefix(value)),
    }
    cleaned: dict[str, str] = {}
    problems: dict[str, ValidationError] = {}
    for field, clean in cleaners.items():
        try:
            if field in fields:
                cleaned[field] = clean(fields[field])
        except ValidationError as error:
            problems[field] = error
    if "role_arn" in cleaned and "region" in cleaned:
        try:
            check_partition(role_arn=cleaned["role_arn"], region=cleaned["region"])
        except ValidationError as error:
            problems["region"] = error
    if problems:
        raise ValidationError(problems)
    return cleaned


def _name_alone(bucket: str, prefix: str) -> str:
    path = f" and {prefix} into S3 Path Prefix" if prefix else ""
    if bucket:
        return f"Enter the bucket's name alone: put {bucket} here{path}."
    return "Enter the bucket's name alone, as the S3 console lists it."


def _bucket_problem(value: str, region: str) -> str:
    """Which of AWS's rules the name breaks, or an empty text."""
    may_be_old = OLD_BUCKET.fullmatch(value) is not None
    if not (may_be_old and region == OLD_BUCKETS_IN) and (problem := _form_problem(value)):
        hint = (
            f" Names of before March 2018 may have others, in {OLD_BUCKETS_IN} alone." if may_be_old else ""
        )
        return problem + hint
    if _is_ip_address(value):
        return "A bucket name does not look like an IP address."
    name = value.lower()
    if reserved := next(filter(name.startswith, RESERVED_PREFIXES), None):
        return f"AWS allows no bucket name that begins with {reserved}."
    if reserved := next(filter(name.endswith, RESERVED_SUFFIXES), None):
        return f"AWS allows no bucket name that ends with {reserved}: enter the bucket behind it."
    return ""


def _form_problem(value: str) -> str:
    if not 3 <= len(value) <= 63:
        return f"A bucket name has 3 to 63 characters; this has {len(value)}."
    if not BUCKET.fullmatch(value):
        return (
            "A bucket name has only lowercase letters, digits, dots and hyphens, "
            "and begins and ends with a letter or a digit."
        )
    return "A bucket name has no two dots side by side." if ".." in value else ""


def _is_ip_address(value: str) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True
