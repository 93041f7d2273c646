"""`manage.py check --deploy` refuses settings that trust input of strangers.

With `--database default` it also asks the database, as the role that the web process has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from commandline.database_role import find_excess_privilege

Network = IPv4Network | IPv6Network
WIDEST = {4: 8, 6: 16}  # 10.0.0.0/8 is somebody's own network; half of the internet is nobody's
PRIVATE_IPV6 = IPv6Network("fc00::/7")


@register(deploy=True)
def check_hosts(app_configs: Any = None, **_kwargs: Any) -> Iterator[CheckMessage]:
    """Host headers are trusted for these names: redirects are built from them."""
    for host in settings.ALLOWED_HOSTS:
        if "*" in host:
            yield Error(
                f'ALLOWED_HOSTS has "{host}": whatever name a stranger sends would be believed.',
                hint="Name the hosts under which the pages are served: ALLOWED_HOSTS=metrics.example.com",
                id="denominator.E010",
            )
        elif host.startswith("."):
            yield checks.Warning(
                f'ALLOWED_HOSTS has "{host}": every name beneath it would be believed, whoever has it.',
                hint="Name the hosts themselves: ALLOWED_HOSTS=metrics.example.com",
                id="denominator.W011",
            )


@register(deploy=True)
def check_proxies(app_configs: Any = None, **_kwargs: Any) -> list[CheckMessage]:
    """The client address given by a trusted proxy is used for lockouts and the audit log."""
    return [
        Error(
            f"TRUSTED_PROXIES covers {network}: strangers in it would choose where they come from.",
            hint="Name the addresses of your own proxies: TRUSTED_PROXIES=10.0.0.0/8, or narrower.",
            id="denominator.E012",
        )
        for network in _list_wide(settings.TRUSTED_PROXIES)
    ]


@register(deploy=True)
def check_proxy_is_named(app_configs: Any = None, **_kwargs: Any) -> Iterator[CheckMessage]:
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) and not settings.TRUSTED_PROXIES:
        yield checks.Warning(
            "BEHIND_TLS_PROXY is on and TRUSTED_PROXIES is empty: everybody seems to come from the proxy, "
            "and one stranger's wrong passwords lock everybody out.",
            hint="Name the proxy's addresses: TRUSTED_PROXIES=10.0.0.5",
            id="denominator.W014",
        )


@register(Tags.database, deploy=True)
def check_database_role(
    app_configs: Any = None, *, databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    return [
        checks.Warning(
            f"The database role of the web process {fault}.",
            hint="Let another role own the tables and run `migrate`, and give this one what it needs with "
            "`manage.py grant_access ROLE` (docs/deployment.md, The database's roles).",
            id="denominator.W013",
        )
        for alias in databases or ()
        if (fault := find_excess_privilege(connections[alias]))
    ]


def _list_wide(texts: Sequence[str]) -> list[Network]:
    """Networks that are too wide, after merging neighbours: two halves of the internet are the whole."""
    networks = [ip_network(text) for text in texts]
    together: list[Network] = [
        *collapse_addresses(network for network in networks if isinstance(network, IPv4Network)),
        *collapse_addresses(network for network in networks if isinstance(network, IPv6Network)),
    ]
    return [
        network
        for network in together
        if network.prefixlen < WIDEST[network.version]
        and not (isinstance(network, IPv6Network) and network.subnet_of(PRIVATE_IPV6))
    ]
