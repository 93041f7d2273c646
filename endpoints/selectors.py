from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from accounts.models import Account
from core.search import split_search
from endpoints.models import S3Endpoint


def list_endpoints(*, account: Account, search: str = "") -> QuerySet[S3Endpoint]:
    """The account's endpoints by name, with `telemetry_count`; `search` looks at all that names one."""
    endpoints: QuerySet[S3Endpoint] = (
        S3Endpoint.objects.for_account(account)
        .annotate(telemetry_count=Count("sources"))
        .order_by("name")  # counting groups, which drops the model's own order
    )
    for word in split_search(search):
        endpoints = endpoints.filter(
            Q(name__icontains=word)
            | Q(description__icontains=word)
            | Q(bucket__icontains=word)
            | Q(path_prefix__icontains=word)
            | Q(region__icontains=word)
        )
    return endpoints


def get_endpoint(*, account: Account, name: str) -> S3Endpoint:
    """The account's endpoint of that name. Raises S3Endpoint.DoesNotExist."""
    found: S3Endpoint = S3Endpoint.objects.for_account(account).select_related("account").get(name=name)
    return found
