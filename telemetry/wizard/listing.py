"""Which files a prefix stands for: shown while one types in the first step, checked when one continues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from core.slots import LimitReached, hold_slot
from csvfiles.names import reason_to_ignore
from endpoints.models import S3Endpoint
from endpoints.objects import reason_archived
from endpoints.slashes import OtherSlash, find_other_slash
from endpoints.storage import S3Object, StorageError, open_bucket

MOST_KEYS = 10_000  # looked at: ten list calls, a second or two
SAMPLED_FILES = 3
LONGEST_LOOK = 300  # seconds after which one that never ended no longer counts


@dataclass(frozen=True, slots=True)
class Listing:
    """The objects whose key begins with `prefix` (the full one), as far as they were looked at."""

    bucket: str
    prefix: str
    matched: int
    is_cut: bool  # there are more than were looked at
    csv_files: tuple[S3Object, ...]  # newest first
    ignored: dict[str, int]  # reason -> objects, the most frequent first
    elsewhere: OtherSlash | None = None  # where nothing matched

    @property
    def newest(self) -> tuple[S3Object, ...]:
        return self.csv_files[:SAMPLED_FILES]

    @property
    def reason_to_stop(self) -> str:
        """Why no telemetry can be made of it, and the remedy; empty where one can."""
        if self.csv_files:
            return ""
        if not self.matched:
            check = "Check the prefix, with upper and lower case, or wait until the first file is there."
            return (
                f"No file in bucket {self.bucket} has a key that begins with {self.prefix}. "
                f"{self.elsewhere or check}"
            )
        reasons = "; ".join(f"{count:,} because {reason}" for reason, count in self.ignored.items())
        match = "file matches" if self.matched == 1 else "files match"
        some = "The first " if self.is_cut else ""
        return (
            f"{some}{self.matched:,} {match}; none is a usable CSV. Ignored under {self.prefix}: {reasons}. "
            "Enter the prefix of files that end in .csv or .csv.gz."
        )


class TooManyLooks(StorageError):
    """The account looks into its buckets as often as it may at once (PREVIEWS_AT_ONCE)."""

    code = "too_many_looks"
    retryable = True


@contextmanager
def looking_into(endpoint: S3Endpoint) -> Iterator[None]:
    """Have one of the account's looks into a bucket. Raises TooManyLooks."""
    most = settings.PREVIEWS_AT_ONCE
    try:
        with hold_slot("look", account_id=endpoint.account_id, most=most, seconds=LONGEST_LOOK):
            yield
    except LimitReached:
        raise TooManyLooks(
            f"No more than {most} people of this account can look into its buckets at the same time.",
            "Try again in a few seconds.",
        ) from None


def list_files(*, endpoint: S3Endpoint, prefix: str) -> Listing:
    """Look at the first MOST_KEYS objects under the prefix. Raises StorageError."""
    with looking_into(endpoint):
        return list_first_files(endpoint=endpoint, prefix=prefix)


def list_folders(*, endpoint: S3Endpoint, prefix: str) -> list[str]:
    """The folders whose name begins with the prefix, relative to the endpoint's path prefix like it.

    Raises StorageError.
    """
    root = endpoint.full_prefix("")
    with looking_into(endpoint):
        found = open_bucket(endpoint).list_folders(endpoint.full_prefix(prefix))
    return [folder.removeprefix(root) for folder in found]


def list_first_files(*, endpoint: S3Endpoint, prefix: str) -> Listing:
    """As list_files, for who has a look already.

    The endpoint's own grant is used, not one narrowed to the prefix: a new one at each letter typed would
    assume the role anew.
    """
    full_prefix = endpoint.full_prefix(prefix)
    matched, is_cut = 0, False
    csv_files: list[S3Object] = []
    ignored: Counter[str] = Counter()
    for page in open_bucket(endpoint).list_pages(full_prefix):
        if matched >= MOST_KEYS:
            is_cut = True
            break
        matched += len(page)
        for obj in page:
            reason = _find_reason(obj)
            if reason is None:
                csv_files.append(obj)
            else:
                ignored[reason] += 1
    csv_files.sort(key=lambda obj: (obj.last_modified, obj.key), reverse=True)
    return Listing(
        endpoint.bucket,
        full_prefix,
        matched,
        is_cut,
        tuple(csv_files),
        dict(ignored.most_common()),
        elsewhere=None if matched else find_other_slash(endpoint=endpoint, prefix=prefix),
    )


def _find_reason(obj: S3Object) -> str | None:
    """Why the sync would not read the object; None where it would."""
    if reason := obj.unnamed or reason_to_ignore(obj.key, obj.size):
        return reason
    return reason_archived(obj.storage_class) if obj.is_archived else obj.problem or None
