"""Validation of a store's listings. AWS's always pass; other stores deviate.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html

Deviations with one possible meaning are accepted. Where the content of the prefix cannot be known, the whole
listing is refused: half of one, taken for all, would lose data silently.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from typing import Any
from urllib.parse import unquote_to_bytes

from endpoints import errors
from endpoints.error_types import UnusableResponse
from endpoints.objects import S3Object

MAX_EMPTY_PAGES = 1_000  # in a row; S3 gives some where many objects have just been deleted
MAX_SIZE = 2**63  # bytes, beyond any store
MAX_KEY = 1024  # characters; S3's longest has so many bytes of UTF-8

# Possessive (*+): a page of thousands of comments must not be tried in every partition.
_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->)*+<(?:\w+:)?(\w+)[\s/>]", re.DOTALL)
_TRUNCATED = re.compile(rb"<(?:\w+:)?IsTruncated\s*(?:/>|>([^<]*)<)")
_ENCODED = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})*")  # what an encoder may leave, and %XX
_BOOLEANS = {b"true": True, b"1": True, b"false": False, b"0": False}
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL's text cannot hold them


class Listing:
    """One listing under `prefix`, page after page.

    `position` is what to ask for the next page with; None once the listing has ended.
    """

    def __init__(self, *, prefix: str, page_size: int) -> None:
        self.position: dict[str, str] | None = {}
        self._prefix, self._page_size = prefix, page_size
        self._seen, self._tokens = _Seen(), set[str]()
        self._empty_pages = 0

    def take(self, answer: dict[str, Any]) -> list[S3Object]:
        """The page's objects that no earlier page has shown. Raises UnusableResponse."""
        encoded = str(answer.get("EncodingType", "")).lower() == "url"
        entries = answer.get("Contents", ())
        page = [self._read_entry(entry, encoded) for entry in entries]
        fresh = [obj for obj in page if self._is_new(obj)]
        self._move_on(answer, entries=len(page), fresh=len(fresh))
        return fresh

    def _read_entry(self, entry: dict[str, Any], encoded: bool) -> S3Object:
        raw, size = entry.get("Key"), entry.get("Size")
        if not raw or not isinstance(raw, str):
            raise _refuse("an entry of its listing has no Key, or several")
        name = decode_key(raw) if encoded else raw
        if not name.startswith(self._prefix):
            raise _refuse(
                "its listing holds names that do not begin with the prefix asked for, or writes them in an "
                "encoding that it does not name"
            )
        if not isinstance(size, int) or not 0 <= size < MAX_SIZE:
            raise _refuse(f"its listing gives no Size for {make_storable(name)}")
        return S3Object.from_listing(entry, key=make_storable(name), unnamed=_find_reason(name))

    def _is_new(self, obj: S3Object) -> bool:
        before = self._seen.note(obj)
        if before is not None and before != _version(obj):
            raise _refuse(
                f"its listing holds {obj.key} twice, in two versions, so that nobody can tell which counts"
            )
        return before is None

    def _move_on(self, answer: dict[str, Any], *, entries: int, fresh: int) -> None:
        is_truncated, token = answer.get("IsTruncated"), answer.get("NextContinuationToken")
        if is_truncated is None:  # left out, which some writers of XML do with what is false
            is_truncated = bool(token) and (fresh > 0 or not entries)
            if not token and entries >= min(self._page_size, answer.get("MaxKeys") or self._page_size):
                raise _refuse("its listing does not say whether it ends here (IsTruncated)")
        if not is_truncated:
            self.position = None
            return
        if not token:
            raise _refuse("its listing is cut off without saying how to go on (NextContinuationToken)")
        if token in self._tokens:
            raise _refuse("its listing goes in a circle: the same NextContinuationToken came twice")
        if entries and not fresh:
            raise _refuse("its listing does not go on: a page holds only what pages before it held")
        self._empty_pages = 0 if entries else self._empty_pages + 1
        if self._empty_pages > MAX_EMPTY_PAGES:
            raise _refuse(f"its listing does not end: {MAX_EMPTY_PAGES:,} pages without an object")
        self._tokens.add(token)
        self.position = {"ContinuationToken": token}


def read_folders(answer: dict[str, Any], *, prefix: str) -> list[str]:
    """The common prefixes of an answer that was asked for with a delimiter."""
    encoded = str(answer.get("EncodingType", "")).lower() == "url"
    named = [entry.get("Prefix") or "" for entry in answer.get("CommonPrefixes", ())]
    names = [decode_key(name) if encoded else name for name in named]
    return [name for name in names if name.startswith(prefix) and not _find_reason(name)]


def check_response(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Called by the SDK before it parses a response. Raises UnusableResponse where it is not a listing.

    The SDK takes any page for an empty listing, and any text but `true` for its end.
    """
    if operation_model.name == "ListObjectsV2" and response_dict["status_code"] == 200:
        customized_response_dict.update(_read_body(response_dict["body"]))


def _read_body(body: bytes) -> dict[str, bool | None]:
    """The values to use instead of the SDK's own parsing."""
    root = _ROOT.match(body)
    if root is not None and root[1] == b"Error":
        return {}  # which the SDK understands, whatever the status
    if root is None or root[1] != b"ListBucketResult":
        raise _refuse("it is not a listing (ListBucketResult)" if body.strip() else "it is empty")
    found = _TRUNCATED.search(body)
    if found is None:
        return {"IsTruncated": None}
    text = (found[1] or b"").strip().lower()
    if text not in _BOOLEANS:
        raise _refuse("its listing does not say whether it ends here (IsTruncated)")
    return {"IsTruncated": _BOOLEANS[text]}


def decode_key(raw: str) -> str:
    """A name that a listing says is URL-encoded; bytes that are not UTF-8 become lone surrogates.

    Some stores claim it and encode nothing. A character that no encoder leaves, such as a space, shows that;
    `a+b.csv` is ambiguous, and cannot be read where it was decoded wrongly.
    """
    if not _ENCODED.fullmatch(raw):
        return raw
    return unquote_to_bytes(raw.replace("+", " ")).decode("utf-8", "surrogateescape")


def make_storable(name: str) -> str:
    """The name in a form that can be stored and shown: escaped and truncated where necessary."""
    shown = _UNSTORABLE.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", name)
    if len(shown) <= MAX_KEY:
        return shown
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{shown[:900]}… ({len(name):,} characters, {digest})"


def _refuse(why: str) -> UnusableResponse:
    return errors.unusable_response(errors.S3, why)


def _find_reason(name: str) -> str:
    if _UNSTORABLE.search(name):
        return "its name holds a NUL character or bytes that are not UTF-8"
    if len(name) > MAX_KEY:
        return f"its name is longer than {MAX_KEY:,} characters"
    return ""


def _version(obj: S3Object) -> int:
    return hash((obj.etag, obj.size, obj.last_modified))


class _Seen:
    """Which keys a listing has shown, and in which version: sixteen bytes a key while they come in order.

    Hashes are enough: two of ten million keys share one once in 400,000 listings.
    """

    def __init__(self) -> None:
        self._keys, self._versions = array("q"), array("q")
        self._highest = ""
        self._index: dict[int, int] | None = None  # once a key came that is not after all before it

    def note(self, obj: S3Object) -> int | None:
        """The version in which the key was shown before; None where it was not, and is noted."""
        key, version = hash(obj.key), _version(obj)
        if obj.key <= self._highest and self._index is None:
            self._index = dict(zip(self._keys, self._versions, strict=True))
        if self._index is not None:
            before = self._index.get(key)
            if before is None:
                self._index[key] = version
            return before
        self._highest = obj.key
        self._keys.append(key)
        self._versions.append(version)
        return None
