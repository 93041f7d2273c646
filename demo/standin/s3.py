"""The part of S3's REST protocol that Denominator and a bucket's owner use, on a store.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from email.utils import format_datetime
from typing import BinaryIO
from urllib.parse import quote
from xml.etree import ElementTree

from demo.standin.requests import Answer, S3Request, xml_answer
from demo.standin.roles import Refused
from demo.standin.stores import DEFAULT_REGION, Store, Stored, Traits

CHUNK = 256 * 1024
XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"


class S3:
    """Answers requests that have been authorised already."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def region_of(self, bucket: str) -> str | None:
        return self.store.regions().get(bucket)

    def traits_of(self, bucket: str, key: str) -> Traits | None:
        found = self.store.get(bucket, key)
        if found is None:
            return None
        found[1].close()
        return found[0].traits

    def answer(self, request: S3Request) -> Answer:
        if request.key:
            return self._answer_object(request)
        if request.method == "PUT":
            return self._create_bucket(request)
        if request.method == "HEAD":
            return Answer(200, {"x-amz-bucket-region": self.store.regions()[request.bucket]})
        if request.method == "GET" and "location" in request.query:
            return self._get_location(request)
        if request.method == "GET" and request.query.get("list-type") == "2":
            return self._list(request)
        raise Refused(501, "NotImplemented", "A header you provided implies functionality that is not here.")

    def _answer_object(self, request: S3Request) -> Answer:
        if request.method in {"GET", "HEAD"}:
            return self._get(request)
        if request.method == "PUT":
            stored = self.store.put(request.bucket, request.key, request.body())
            return Answer(200, {"ETag": f'"{stored.etag}"'})
        if request.method == "DELETE":
            self.store.delete(request.bucket, request.key)
            return Answer(204, {})
        raise Refused(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    def _create_bucket(self, request: S3Request) -> Answer:
        found = re.search(rb"<LocationConstraint[^>]*>([^<]+)<", request.body())
        self.store.create(request.bucket, found[1].decode() if found else DEFAULT_REGION)
        return Answer(200, {"Location": f"/{request.bucket}"})

    def _get_location(self, request: S3Request) -> Answer:
        region = self.store.regions()[request.bucket]
        root = ElementTree.Element("LocationConstraint", xmlns=XMLNS)
        root.text = None if region == DEFAULT_REGION else region
        return xml_answer(200, root)

    def _list(self, request: S3Request) -> Answer:
        query = request.query
        limit = min(int(query.get("max-keys", 1000)), 1000)
        after = query.get("continuation-token") or query.get("start-after", "")
        found = self._find(request, after=unmask(after), limit=limit + 1)
        encode = (lambda text: quote(text, safe="/").replace("%20", "+")) if "encoding-type" in query else str
        root = ElementTree.Element("ListBucketResult", xmlns=XMLNS)
        fields = {
            "Name": request.bucket,
            "Prefix": encode(query.get("prefix", "")),
            "MaxKeys": str(limit),
            "KeyCount": str(min(len(found), limit)),
            "IsTruncated": "true" if len(found) > limit else "false",
        }
        if "encoding-type" in query:
            fields["EncodingType"] = "url"
        if len(found) > limit:
            fields["NextContinuationToken"] = mask(_name_of(found[limit - 1]))
        for name, text in fields.items():
            ElementTree.SubElement(root, name).text = text
        more = {
            "owner": query.get("fetch-owner") == "true",
            "restore": "RestoreStatus" in request.headers.get("x-amz-optional-object-attributes", ""),
        }
        for entry in found[:limit]:
            if isinstance(entry, str):
                folder = ElementTree.SubElement(root, "CommonPrefixes")
                ElementTree.SubElement(folder, "Prefix").text = encode(entry)
            else:
                _add_entry(root, entry, encode(entry.key), **more)
        return xml_answer(200, root)

    def _find(self, request: S3Request, *, after: str, limit: int) -> list[Stored | str]:
        """Objects by key; where the request has a delimiter, the common prefixes among them as texts."""
        prefix, delimiter = request.query.get("prefix", ""), request.query.get("delimiter", "")
        if not delimiter:
            return [*self.store.list(request.bucket, prefix=prefix, after=after, limit=limit)]
        rolled_up: dict[str, Stored | str] = {}
        for stored in self.store.list(request.bucket, prefix=prefix, after="", limit=sys.maxsize):
            name, found, _ = stored.key[len(prefix) :].partition(delimiter)
            folder = f"{prefix}{name}{found}"
            rolled_up.setdefault(folder, folder if found else stored)
        return [entry for name, entry in rolled_up.items() if name > after][:limit]

    def _get(self, request: S3Request) -> Answer:
        found = self.store.get(request.bucket, request.key)
        if found is None:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.")
        stored, file = found
        wanted = request.headers.get("if-match", "*")
        if wanted not in {"*", stored.etag, f'"{stored.etag}"'}:
            file.close()
            raise Refused(
                412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"
            )
        headers = {
            "ETag": f'"{stored.etag}"',
            "Last-Modified": format_datetime(stored.modified, usegmt=True),
            "Accept-Ranges": "bytes",
            "Content-Type": "binary/octet-stream",
        }
        first, end, status = 0, stored.size, 200
        if span := _parse_range(request.headers.get("range", ""), stored.size):
            first, end = span
            status = 206
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{stored.size}"
        if status == 200 and stored.crc32 and "x-amz-checksum-mode" in request.headers:
            headers["x-amz-checksum-crc32"] = stored.crc32
        if request.method == "HEAD":
            file.close()
            return Answer(status, headers, length=end - first)
        return Answer(status, headers, length=end - first, body=_read(file, first, end))


def _name_of(entry: Stored | str) -> str:
    return entry if isinstance(entry, str) else entry.key


def mask(key: str) -> str:
    """A continuation token: opaque, so that no client comes to rely on it being a key."""
    return "1" + key.encode().hex()


def unmask(token: str) -> str:
    return bytes.fromhex(token[1:]).decode() if token else ""


def _add_entry(root: ElementTree.Element, stored: Stored, key: str, *, owner: bool, restore: bool) -> None:
    entry = ElementTree.SubElement(root, "Contents")
    for name, text in {
        "Key": key,
        "LastModified": stored.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "ETag": f'"{stored.etag}"',
        "Size": str(stored.size),
        "StorageClass": stored.traits.storage_class,
    }.items():
        ElementTree.SubElement(entry, name).text = text
    if owner:
        ElementTree.SubElement(ElementTree.SubElement(entry, "Owner"), "ID").text = stored.traits.owner
    if restore and stored.traits.restore:
        _add_restore(ElementTree.SubElement(entry, "RestoreStatus"), stored.traits)


def _add_restore(status: ElementTree.Element, traits: Traits) -> None:
    is_ongoing = traits.restore == "ongoing"
    ElementTree.SubElement(status, "IsRestoreInProgress").text = "true" if is_ongoing else "false"
    if not is_ongoing:
        ElementTree.SubElement(status, "RestoreExpiryDate").text = "2099-12-31T00:00:00.000Z"


def _parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last; None for the whole, as S3 does with what it cannot read."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header)
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        first, end = max(size - int(found[2]), 0), size
    else:
        first, end = int(found[1]), min(int(found[2] or size) + 1, size)
    if first >= size or end <= first:
        raise Refused(416, "InvalidRange", "The requested range is not satisfiable")
    return first, end


def _read(file: BinaryIO, first: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while first < end and (chunk := file.read(min(CHUNK, end - first))):
            first += len(chunk)
            yield chunk
