"""endpoints.storage over the wire, against the stand-in's own S3 and against moto's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import boto3
import pytest

from accounts.models import Account
from demo.standin import ADMIN_KEY, StandIn
from endpoints import storage
from endpoints.models import S3Endpoint
from tests.endpoints.moto_backend import MotoS3
from tests.standin import BUCKET, REGION, make_endpoint, trust, use_aws_at

ODD_KEYS = [
    "exports/a b.csv",
    "exports/a%20b.csv",
    "exports/a+b.csv",
    "exports/a//b.csv",
    "exports/täglich/日.csv",
    'exports/quote"&<>.csv',
]
KEYS_FOR_OUR_OWN = ["exports/new\nline.csv", "exports/bell\x07.csv", "exports/cr\r.csv"]  # moto answers 404


@pytest.fixture(params=["own", "moto"])
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    running = StandIn(backend=MotoS3() if request.param == "moto" else None).start()
    use_aws_at(running.url, monkeypatch)
    owner = bucket_owner(running)
    owner.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield running
    running.stop()
    storage.clear_sessions()


def bucket_owner(running: StandIn):
    return boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=running.url,
        aws_access_key_id=ADMIN_KEY,
        aws_secret_access_key="secret",
    )


@pytest.fixture
def endpoint(wire: StandIn) -> S3Endpoint:
    made = make_endpoint(Account(name="Acme", slug="acme"), path_prefix="exports")
    trust(wire, made)
    return made


@pytest.fixture
def put(wire: StandIn) -> Callable[[str, bytes], None]:
    owner = bucket_owner(wire)
    return lambda key, body: owner.put_object(Bucket=BUCKET, Key=key, Body=body)


def list_all(bucket: storage.Bucket, prefix: str = "exports/") -> list[storage.S3Object]:
    return [obj for page in bucket.list_pages(prefix) for obj in page]


def test_objects_are_listed_with_what_identifies_their_version(endpoint, put):
    put("exports/a.csv", b"date,bytes\n")
    (obj,) = list_all(storage.open_bucket(endpoint))
    assert (obj.key, obj.size) == ("exports/a.csv", 11)
    assert obj.etag == hashlib.md5(b"date,bytes\n", usedforsecurity=False).hexdigest()
    assert obj.last_modified.tzinfo is UTC
    assert abs((datetime.now(UTC) - obj.last_modified).total_seconds()) < 60


def test_keys_come_back_verbatim_and_can_be_read(endpoint, put, request):
    keys = ODD_KEYS + (KEYS_FOR_OUR_OWN if "own" in request.node.name else [])
    for key in keys:
        put(key, key.encode())
    bucket = storage.open_bucket(endpoint)
    listed = list_all(bucket)
    assert [obj.key for obj in listed] == sorted(keys, key=str.encode)
    for obj in listed:
        assert bucket.open_stream(obj).read() == obj.key.encode()


def test_a_page_holds_a_thousand_keys_and_is_fetched_when_asked_for(endpoint, put, wire):
    for number in range(1001):
        put(f"exports/{number:04}.csv", b"")
    pages = storage.open_bucket(endpoint).list_pages("exports/")
    assert len(next(pages)) == 1000
    assert wire.count("list") == 1
    assert [obj.key for obj in next(pages)] == ["exports/1000.csv"]
    assert next(pages, None) is None
    assert wire.count("list") == 2


def test_a_prefix_is_matched_as_a_string(endpoint, put):
    for key in ("exports/usage/1.csv", "exports/usage-old/1.csv", "exports/other.csv"):
        put(key, b"x")
    bucket = storage.open_bucket(endpoint, prefix="usage")
    assert [obj.key for obj in list_all(bucket, "exports/usage")] == [
        "exports/usage-old/1.csv",
        "exports/usage/1.csv",
    ]


@pytest.mark.parametrize(
    ("region", "bucket", "address"),
    [
        ("us-east-1", "Acme_Usage", "https://s3.amazonaws.com/Acme_Usage/a.csv"),
        ("us-east-1", "a" * 255, f"https://s3.amazonaws.com/{'a' * 255}/a.csv"),
        ("eu-west-1", "acme", "https://acme.s3.eu-west-1.amazonaws.com/a.csv"),
        ("eusc-de-east-1", "acme", "https://acme.s3.eusc-de-east-1.amazonaws.eu/a.csv"),
        ("cn-north-1", "acme", "https://acme.s3.cn-north-1.amazonaws.com.cn/a.csv"),
    ],
)
def test_a_bucket_is_addressed_in_its_partition_and_an_old_name_by_the_path(
    wire, monkeypatch, region, bucket, address
):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    client = storage._new_client("s3", region, aws_access_key_id="a", aws_secret_access_key="b")
    addresses = []

    def stop(request, **_):
        addresses.append(request.url)
        raise RuntimeError("not sent")

    client.meta.events.register("before-send.s3", stop)
    with pytest.raises(RuntimeError, match="not sent"):
        client.get_object(Bucket=bucket, Key="a.csv")
    assert addresses == [address]


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, 4, b"0123"), (3, 4, b"3456"), (8, 100, b"89"), (10, 5, b""), (50, 5, b""), (0, 0, b"")],
)
def test_a_range_is_at_most_what_is_there(endpoint, put, start, length, expected):
    put("exports/a.csv", b"0123456789")
    bucket = storage.open_bucket(endpoint)
    (obj,) = list_all(bucket)
    assert bucket.read_range(obj, start=start, length=length) == expected


def test_an_empty_object_can_be_streamed(endpoint, put):
    put("exports/a.csv", b"")
    bucket = storage.open_bucket(endpoint)
    (obj,) = list_all(bucket)
    assert bucket.open_stream(obj).read() == b""


def test_an_object_overwritten_since_it_was_listed_is_not_read(endpoint, put):
    put("exports/a.csv", b"first")
    bucket = storage.open_bucket(endpoint)
    (obj,) = list_all(bucket)
    put("exports/a.csv", b"second")
    with pytest.raises(storage.ObjectChanged, match=r"exports/a\.csv in bucket acme-exports was overwritten"):
        bucket.open_stream(obj)
    with pytest.raises(storage.ObjectChanged):
        bucket.read_range(obj, start=1, length=2)


def test_an_object_that_has_gone_is_named(endpoint, put, wire):
    put("exports/a.csv", b"first")
    bucket = storage.open_bucket(endpoint)
    (obj,) = list_all(bucket)
    bucket_owner(wire).delete_object(Bucket=BUCKET, Key="exports/a.csv")
    with pytest.raises(storage.ObjectGone, match=r"exports/a\.csv is no longer in bucket acme-exports"):
        bucket.open_stream(obj)


def test_a_stream_that_breaks_is_resumed_where_it_broke(endpoint, put, wire):
    body = bytes(range(256)) * 4096
    put("exports/a.csv", body)
    bucket = storage.open_bucket(endpoint)
    (obj,) = list_all(bucket)
    for after_bytes in (0, 100_000, 300_000):
        wire.fail("get", "reset", times=1, after_bytes=after_bytes)
    assert bucket.open_stream(obj).readall() == body
    ranges = [seen.range for seen in wire.app.seen if seen.operation == "get"]
    assert ranges[0] == ""
    assert ranges[-1].startswith("bytes=4") and ranges[-1].endswith(f"-{len(body) - 1}")


def test_a_stream_resumed_on_another_version_stops(endpoint, put, wire):
    put("exports/a.csv", b"a" * 100_000)
    bucket = storage.open_bucket(endpoint)
    (obj,) = list_all(bucket)
    wire.fail("get", "reset", times=1, after_bytes=50_000)
    stream = bucket.open_stream(obj)
    put("exports/a.csv", b"b" * 100_000)
    with pytest.raises(storage.ObjectChanged):
        stream.read()


def test_a_stream_that_breaks_again_and_again_ends(endpoint, put, wire):
    put("exports/a.csv", b"a" * 100_000)
    bucket = storage.open_bucket(endpoint)
    (obj,) = list_all(bucket)
    wire.fail("get", "reset", after_bytes=1000)
    with pytest.raises(storage.Unreachable, match=r"broke 6 times while exports/a\.csv was read") as caught:
        bucket.open_stream(obj).readall()
    assert caught.value.retryable


def test_the_bucket_is_located_by_what_s3_says(endpoint):
    storage.open_bucket(endpoint).locate()


def test_a_bucket_in_another_region_names_its_region(endpoint, wire):
    endpoint.region = "us-east-1"
    bucket = storage.open_bucket(endpoint)
    for malformed in (False, True):
        wire.app.wrong_region_is_malformed = malformed
        for attempt in (bucket.locate, lambda: list_all(bucket)):
            with pytest.raises(storage.WrongRegion) as caught:
                attempt()
            assert caught.value.message == "The bucket acme-exports is in region eu-west-1, not in us-east-1."
            assert caught.value.remedy == "Set Region to eu-west-1."


def test_a_missing_bucket_is_named(endpoint):
    endpoint.bucket = "no-such-bucket-here"
    bucket = storage.open_bucket(endpoint)
    for attempt in (bucket.locate, lambda: list_all(bucket)):
        with pytest.raises(storage.NoSuchBucket, match="There is no bucket no-such-bucket-here"):
            attempt()


def test_folders_are_listed_by_what_keys_have_up_to_the_next_slash(endpoint, put):
    for key in [
        "exports/a/1.csv",
        "exports/a/b/2.csv",
        "exports/a b+c/3.csv",
        "exports/täglich/4.csv",
        "exports/5",
    ]:
        put(key, b"x")
    bucket = storage.open_bucket(endpoint)
    assert bucket.list_folders("exports/") == ["exports/a b+c/", "exports/a/", "exports/täglich/"]
    assert bucket.list_folders("exports/a/") == ["exports/a/b/"]
    assert bucket.list_folders("exports/t") == ["exports/täglich/"]
    assert bucket.list_folders("exports/none/") == []
