"""Where a request comes from: the client's address, which proxies in front of us pass on."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def get_client_address(request: HttpRequest) -> str | None:
    """The last address in the chain that is not in TRUSTED_PROXIES; None where there is none.

    `X-Forwarded-For` grows to the right. Only what our own proxies appended is trusted; everything to the
    left comes from the client.
    """
    hops = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    address = _read(request.META.get("REMOTE_ADDR", ""))
    while hops and address is not None and _is_trusted(address):
        before = _read(hops.pop())
        if before is None:
            break
        address = before
    return address


def name_network(address: str | None) -> str:
    """The unit in which attempts are counted: an IPv4 address, or the /64 of an IPv6 address, which one
    customer has at least; "" where the address is not known.
    """
    read = _read(address or "")
    if read is None:
        return ""
    return str(ip_network((read, 64), strict=False)) if ":" in read else read


def _read(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:192.0.2.1, from a socket of both kinds
    return str(mapped or address)


def _is_trusted(address: str) -> bool:
    return any(ip_address(address) in ip_network(network) for network in settings.TRUSTED_PROXIES)
