"""Why S3 denied a request with a bare "Access Denied": found out by listing.

Knows no AWS library; `ask` is a call of ListObjectsV2 for the grant's bucket.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

from endpoints import errors
from endpoints.error_types import OwnedByAnotherAccount, RequesterPays, StorageError
from endpoints.grants import Grant

Ask = Callable[..., dict[str, Any]]
SAMPLE_SIZE = 1000  # of the objects under the prefix: a page


class Denials:
    """For one bucket under one prefix, as a role sees it."""

    def __init__(self, grant: Grant, *, ask: Ask) -> None:
        self._grant, self._ask = grant, ask

    def explain_list(self, prefix: str) -> RequesterPays | None:
        """Whether a list was denied because of Requester Pays. Only agreeing to pay can tell. It is one
        request, for one key, charged to the role's account.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html
        """
        try:
            answer = self._ask(Prefix=prefix, MaxKeys=1, RequestPayer="requester")
        except StorageError:
            return None
        return errors.requester_pays(self._grant) if "RequestCharged" in answer else None

    def explain_read(self, key: str) -> OwnedByAnotherAccount | None:
        """Whether an object was denied because it belongs to another account than most of those beside it.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
        """
        try:
            beside = Counter(owner for other, owner in self._owners.items() if other != key)
            owner = self._owners.get(key) or self._list_owners(key, most=1).get(key)
        except StorageError:
            return None
        if owner is None or not beside or beside.most_common(1)[0][0] == owner:
            return None
        return errors.owned_by_another_account(self._grant, key)

    @cached_property
    def _owners(self) -> dict[str, str]:
        return self._list_owners(self._grant.prefix, most=SAMPLE_SIZE)

    def _list_owners(self, prefix: str, *, most: int) -> dict[str, str]:
        """The canonical user ID of each object's owner, by key."""
        answer = self._ask(Prefix=prefix, MaxKeys=most, FetchOwner=True)
        entries = answer.get("Contents", ())
        return {entry["Key"]: entry["Owner"]["ID"] for entry in entries if "ID" in entry.get("Owner", {})}
