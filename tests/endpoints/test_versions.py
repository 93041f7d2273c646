"""An object is read only where what comes is the version that was listed, and the part that was asked for."""

from __future__ import annotations

import pytest

from endpoints import storage
from tests import answers
from tests.endpoints.listings import list_all


def read_all(exports):
    bucket = storage.open_bucket(exports)
    [obj] = list_all(exports)
    return bucket.open_stream(obj).read()


def test_a_weak_etag_is_compared_by_us(exports, standin, put):
    put("a.csv", "0123456789")
    for operation in ("list", "get"):
        standin.alter(operation, answers.make_weak)
    [obj] = list_all(exports)
    assert "W/" not in obj.etag
    assert read_all(exports) == b"0123456789"
    assert storage.open_bucket(exports).read_range(obj, start=3, length=4) == b"3456"
    put("a.csv", "overwritten")
    with pytest.raises(storage.ObjectChanged):
        storage.open_bucket(exports).open_stream(obj)


def test_a_weak_etag_that_only_a_proxy_made_so_is_the_same_version(exports, standin, put):
    put("a.csv", "0123456789")

    def weaken(_request, answer):
        answer.headers["ETag"] = f"W/{answer.headers['ETag']}"

    standin.alter("get", weaken)
    assert read_all(exports) == b"0123456789"
    assert standin.count("get") == 1


def test_a_store_that_ignores_if_match_does_not_mix_versions(exports, standin, put):
    put("a.csv", "first")
    [obj] = list_all(exports)
    put("a.csv", "other")
    ignore = standin.app.backend.answer

    def answer(request):
        request.headers.pop("if-match", None)
        return ignore(request)

    standin.app.backend.answer = answer
    with pytest.raises(storage.ObjectChanged):
        storage.open_bucket(exports).open_stream(obj)


def test_a_store_that_ignores_ranges_does_not_give_the_wrong_bytes(exports, standin, put):
    put("a.csv", "0123456789")
    [obj] = list_all(exports)
    answer_all = standin.app.backend.answer

    def answer(request):
        request.headers.pop("range", None)
        return answer_all(request)

    standin.app.backend.answer = answer
    with pytest.raises(storage.UnusableResponse, match="another part of it came"):
        storage.open_bucket(exports).read_range(obj, start=3, length=4)


@pytest.mark.parametrize("html", [answers.LOGIN_PAGE, answers.WELL_FORMED_PAGE])
def test_a_page_in_place_of_an_object_is_named(exports, standin, put, html):
    put("a.csv", "0123456789")
    standin.alter("get", answers.page(html))
    with pytest.raises(storage.UnusableResponse, match=r"exports/a\.csv was asked for.*no ETag.*text/html"):
        read_all(exports)


def test_an_object_of_another_length_than_listed_is_named(exports, standin, put):
    put("a.csv", "0123456789")
    standin.alter("list", answers.replace("<Size>10<", "<Size>7<"))
    with pytest.raises(storage.UnusableResponse, match="10 bytes came instead of 7"):
        read_all(exports)
