"""Prefixes that were stored while slashes at their beginning were dropped go on meaning what they did."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from endpoints.models import S3Endpoint
from tests.endpoints.test_services import add_telemetry

drop_slashes = import_module("telemetry.migrations.0007_prefixes_as_they_were_read").drop_slashes


@pytest.mark.parametrize(
    ("path_prefix", "stored", "read"),
    [
        ("", "/usage/", "usage/"),
        ("", "//usage/", "usage/"),
        ("exports", "/usage/", "exports/usage/"),
        ("exports", "//usage", "exports/usage"),
        ("exports", "usage//a", "exports/usage//a"),
        ("exports", "/", "exports/"),
        ("", "usage/", "usage/"),
    ],
)
def test_a_stored_prefix_reads_what_it_read(s3_endpoint, path_prefix, stored, read):
    S3Endpoint.objects.update(path_prefix=path_prefix)
    s3_endpoint.refresh_from_db()
    telemetry = add_telemetry(s3_endpoint)
    type(telemetry).objects.update(prefix=stored)
    drop_slashes(apps, None)
    telemetry.refresh_from_db()
    assert telemetry.full_prefix == read
