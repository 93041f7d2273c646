"""Where the stand-in's objects are: in memory (tests) or in a folder (the demo)."""

from __future__ import annotations

import base64
import bisect
import builtins
import hashlib
import io
import threading
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

DEFAULT_REGION = "us-east-1"


BUCKET_OWNER = "1f0a" * 16  # canonical user ID


@dataclass(frozen=True, slots=True)
class Traits:
    """How an object is kept, which decides who may read it and when.

    `kms_key` is the ARN of the key that it is encrypted with, `customer_key` that only its uploader has one
    (SSE-C). `restore`: "" (never asked for), "ongoing" or "done". `is_tiered_away`: an object of
    INTELLIGENT_TIERING in an archive tier, of which a listing says nothing.
    """

    kms_key: str = ""
    customer_key: bool = False
    owner: str = BUCKET_OWNER
    storage_class: str = "STANDARD"
    restore: str = ""
    is_tiered_away: bool = False

    @property
    def is_archived(self) -> bool:
        return self.is_tiered_away or (
            self.storage_class in {"GLACIER", "DEEP_ARCHIVE"} and self.restore != "done"
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """An object. `modified` is in UTC, to the second, as S3 keeps it; `crc32` in base64 where it is kept."""

    key: str
    etag: str
    size: int
    modified: datetime
    crc32: str = ""
    traits: Traits = Traits()


class Store(Protocol):
    def regions(self) -> dict[str, str]:
        """The region of each bucket."""

    def create(self, bucket: str, region: str) -> None: ...

    def list(self, bucket: str, *, prefix: str, after: str, limit: int) -> list[Stored]:
        """At most `limit` objects by key (in UTF-8), of those whose key begins so and comes after `after`."""

    def get(self, bucket: str, key: str) -> tuple[Stored, BinaryIO] | None: ...

    def put(self, bucket: str, key: str, body: bytes, *, modified: datetime | None = None) -> Stored: ...

    def delete(self, bucket: str, key: str) -> None: ...


class MemoryStore:
    """Objects in memory; any key that S3 takes is possible."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._regions: dict[str, str] = {}
        self._objects: dict[str, dict[str, tuple[Stored, bytes]]] = {}
        self._order: dict[str, list[bytes]] = {}

    def regions(self) -> dict[str, str]:
        return self._regions

    def create(self, bucket: str, region: str) -> None:
        with self._lock:
            self._regions[bucket] = region
            self._objects.setdefault(bucket, {})
            self._order.setdefault(bucket, [])

    def list(self, bucket: str, *, prefix: str, after: str, limit: int) -> list[Stored]:
        with self._lock:
            order, objects = self._order[bucket], self._objects[bucket]
            first = max(
                bisect.bisect_left(order, prefix.encode()), bisect.bisect_right(order, after.encode())
            )
            found = (objects[name.decode()][0] for name in order[first : first + limit])
            return [stored for stored in found if stored.key.startswith(prefix)]

    def get(self, bucket: str, key: str) -> tuple[Stored, BinaryIO] | None:
        with self._lock:
            found = self._objects[bucket].get(key)
        return None if found is None else (found[0], io.BytesIO(found[1]))

    def put(self, bucket: str, key: str, body: bytes, *, modified: datetime | None = None) -> Stored:
        moment = (modified or datetime.now(UTC)).replace(microsecond=0)
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        crc32 = base64.b64encode(zlib.crc32(body).to_bytes(4)).decode()
        stored = Stored(key=key, etag=digest, size=len(body), modified=moment, crc32=crc32)
        with self._lock:
            if key not in self._objects[bucket]:
                bisect.insort(self._order[bucket], key.encode())
            self._objects[bucket][key] = (stored, body)
        return stored

    def change(self, bucket: str, key: str, **traits: Any) -> None:
        """Keep the object in another way, as lifecycle rules, restores and ACLs do: its version stays."""
        with self._lock:
            stored, body = self._objects[bucket][key]
            changed = replace(stored, traits=replace(stored.traits, **traits))
            self._objects[bucket][key] = (changed, body)

    def delete(self, bucket: str, key: str) -> None:
        with self._lock:
            if self._objects[bucket].pop(key, None):
                self._order[bucket].remove(key.encode())


class FolderStore:
    """The files of a folder, as they are at the moment: each folder in it is a bucket.

    The ETag is the content's MD5, reckoned once for each (path, size, time of change).
    """

    def __init__(self, root: Path, *, region: str = DEFAULT_REGION) -> None:
        self._root = root
        self._region = region
        self._digests: dict[tuple[Path, int, int], str] = {}
        self._listed: dict[str, list[tuple[bytes, Path]]] = {}

    def regions(self) -> dict[str, str]:
        return {path.name: self._region for path in self._root.iterdir() if path.is_dir()}

    def create(self, bucket: str, region: str) -> None:
        (self._root / bucket).mkdir(exist_ok=True)

    def list(self, bucket: str, *, prefix: str, after: str, limit: int) -> list[Stored]:
        if not after or bucket not in self._listed:
            self._listed[bucket] = self._scan(bucket)
        paths = self._listed[bucket]
        first = bisect.bisect_right(paths, after.encode(), key=lambda entry: entry[0])
        begin = prefix.encode()
        matching = (path for key, path in paths[first:] if key.startswith(begin))
        return [self._describe(bucket, path) for path, _ in zip(matching, range(limit), strict=False)]

    def get(self, bucket: str, key: str) -> tuple[Stored, BinaryIO] | None:
        path = self._path(bucket, key)
        if path is None or not path.is_file():
            return None
        return self._describe(bucket, path), path.open("rb")

    def put(self, bucket: str, key: str, body: bytes, *, modified: datetime | None = None) -> Stored:
        path = self._path(bucket, key)
        if path is None:
            raise ValueError(f"The key {key!r} cannot be a file.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return self._describe(bucket, path)

    def delete(self, bucket: str, key: str) -> None:
        path = self._path(bucket, key)
        if path is not None:
            path.unlink(missing_ok=True)

    def _path(self, bucket: str, key: str) -> Path | None:
        if "\0" in key or {"..", ".", ""} & set(key.split("/")):
            return None
        return self._root / bucket / key

    def _scan(self, bucket: str) -> builtins.list[tuple[bytes, Path]]:
        folder = self._root / bucket
        paths = (path for path in folder.rglob("*") if path.is_file())
        return sorted((path.relative_to(folder).as_posix().encode(), path) for path in paths)

    def _describe(self, bucket: str, path: Path) -> Stored:
        status = path.stat()
        version = (path, status.st_size, status.st_mtime_ns)
        if version not in self._digests:
            with path.open("rb") as file:
                self._digests[version] = hashlib.file_digest(file, "md5").hexdigest()
        return Stored(
            key=path.relative_to(self._root / bucket).as_posix(),
            etag=self._digests[version],
            size=status.st_size,
            modified=datetime.fromtimestamp(int(status.st_mtime), UTC),
        )
