"""What tests of listings ask of endpoints.storage."""

from __future__ import annotations

import pytest

from endpoints import storage


def list_all(exports, prefix="exports/"):
    return [obj for page in storage.open_bucket(exports).list_pages(prefix) for obj in page]


def keys(exports):
    return [obj.key for obj in list_all(exports)]


def refusal(exports):
    with pytest.raises(storage.UnusableResponse) as caught:
        list_all(exports)
    assert caught.value.remedy.startswith("Check that AWS_ENDPOINT_URL")
    return caught.value.message
