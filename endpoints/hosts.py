"""Allowed hosts of S3 calls: the operator's own, or S3's in the endpoint's region.

The SDK derives a host from a bucket's name and region (`acme.s3.eu-west-1.amazonaws.com`), and of some names
one of its own (access points, directory buckets). Whatever a customer has entered, it leads to no other host.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

VARIANTS = ("s3", "s3-fips", "s3.dualstack", "s3-fips.dualstack")
# Where the SDK leaves the region out of the host: S3's first one.
REGION_UNNAMED = "us-east-1"


def parse_host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def is_below(host: str, suffixes: Iterable[str]) -> bool:
    """Whether the host is one of the suffixes, or a name below one."""
    return any(host == suffix or host.endswith(f".{suffix}") for suffix in suffixes)


def is_allowed_host(host: str, *, set_up: str, region: str, dns_suffix: str) -> bool:
    """`set_up` is the host of the client, made before any bucket was named; `dns_suffix` the partition's."""
    bases = [f"{variant}.{region}.{dns_suffix}" for variant in VARIANTS]
    if region == REGION_UNNAMED:
        bases.append(f"s3.{dns_suffix}")
    return host == set_up or (bool(dns_suffix) and is_below(host, bases))
