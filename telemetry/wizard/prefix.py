"""What people paste for a prefix: an address of S3, or the endpoint's own path prefix before it."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from endpoints.models import S3Endpoint
from endpoints.prefixes import find_below, split_address
from telemetry.models import Telemetry


@dataclass(frozen=True, slots=True)
class Prefix:
    """Relative to the endpoint's path prefix; `note` says how it was made of what was typed, if it was."""

    text: str
    note: str = ""


def understand_prefix(*, endpoint: S3Endpoint, typed: str) -> Prefix:
    """Take an address such as `s3://bucket/key` apart. Raises ValidationError for one of another place."""
    address = split_address(typed)
    if address is None:
        if typed.lower().startswith(("http://", "https://")):
            raise ValidationError(
                "Enter the prefix alone, for example usage/daily/, or an address that begins with "
                f"s3://{endpoint.location}"
            )
        return Prefix(typed)
    bucket, key = address
    if bucket != endpoint.bucket:
        raise ValidationError(_explain_other_bucket(endpoint, bucket))
    below = find_below(endpoint.path_prefix, key)
    if below is None:
        raise ValidationError(
            f"{key or 'The whole bucket'} is not under the path prefix of {endpoint.name}. Enter an "
            f"address that begins with s3://{endpoint.location}, or choose another endpoint."
        )
    note = f"{typed} was read as the prefix {below} of {endpoint.name}."
    return Prefix(below, note if below else "")


def drop_own_prefix(*, endpoint: S3Endpoint, typed: str) -> Prefix | None:
    """Without the endpoint's path prefix, which is joined to it anyway; None where it does not begin with it.

    A key may repeat it, so this is right only where nothing is under what was typed.
    """
    if not endpoint.path_prefix:
        return None
    for text in (typed, typed.removeprefix("/")):
        below = find_below(endpoint.path_prefix, text)
        if below is not None:
            return Prefix(
                below,
                f"{typed} was read as {below}: the path prefix of {endpoint.name}, "
                f"{endpoint.full_prefix('')}, is put before it anyway.",
            )
    return None


def list_other_readers(*, endpoint: S3Endpoint, prefix: str) -> list[Telemetry]:
    """Telemetries of the account that read files of which the key begins with the prefix too, by name."""
    whole = endpoint.full_prefix(prefix)
    same_bucket = Telemetry.objects.for_account(endpoint.account).filter(endpoint__bucket=endpoint.bucket)
    return [
        telemetry
        for telemetry in same_bucket.select_related("endpoint").order_by("name")
        if telemetry.full_prefix.startswith(whole) or whole.startswith(telemetry.full_prefix)
    ]


def _explain_other_bucket(endpoint: S3Endpoint, bucket: str) -> str:
    others = S3Endpoint.objects.for_account(endpoint.account).filter(bucket=bucket).order_by("name")
    names = " or ".join(others.values_list("name", flat=True)[:3])
    choose = f"Choose the endpoint {names}." if names else f"Add an endpoint for the bucket {bucket}."
    return f"{endpoint.name} reads the bucket {endpoint.bucket}, not {bucket}. {choose}"
