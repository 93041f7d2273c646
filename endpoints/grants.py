"""The parameters of an AssumeRole call: a role, for one bucket and prefix, with a recognisable session name.

Knows no AWS library, so that pages can use it without loading one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from endpoints.models import S3Endpoint

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
MAX_SESSION_POLICY = 2048  # characters
MAX_SESSION_NAME = 64
NOT_IN_SESSION_NAME = re.compile(r"[^A-Za-z0-9_+=,.@-]")


@dataclass(frozen=True, slots=True)
class Grant:
    """Read access to `bucket` under `prefix` (the full S3 prefix) by one endpoint's role.

    Equal grants share credentials. The endpoint and its external ID are part of it: what one account's
    endpoint was granted is never used for another's, even when both name the same role.
    """

    endpoint_id: UUID
    account_slug: str
    role_arn: str
    external_id: str = field(repr=False)
    bucket: str
    region: str
    prefix: str
    testing: bool = False  # Test Endpoint looks also through a role that is unsafe

    @classmethod
    def for_endpoint(cls, endpoint: S3Endpoint, *, prefix: str = "", testing: bool = False) -> Grant:
        """Access to what `prefix`, relative to the endpoint's own path prefix, stands for."""
        return cls(
            endpoint_id=endpoint.public_id,
            account_slug=endpoint.account.slug,
            role_arn=endpoint.role_arn,
            external_id=endpoint.external_id,
            bucket=endpoint.bucket,
            region=endpoint.region,
            prefix=endpoint.full_prefix(prefix),
            testing=testing,
        )

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov`, `aws-eusc` and so on."""
        return self.role_arn.split(":")[1]

    @property
    def session_name(self) -> str:
        """What the customer's CloudTrail shows as the caller."""
        return NOT_IN_SESSION_NAME.sub("-", f"denominator-{self.account_slug}")[:MAX_SESSION_NAME]

    @property
    def session_policy(self) -> str:
        """The JSON policy that narrows the role to this bucket and prefix, within STS's limit of length."""
        return next(self.list_session_policies())

    def list_session_policies(self, *, with_kms: bool = True) -> Iterator[str]:
        """That policy, then what narrows less, for as long as STS finds each too large.

        STS packs a policy with the caller's session tags in an undocumented way. Of a prefix too long for
        either limit as much of its beginning is used as fits.
        """
        length = len(self.prefix)
        while len(policy := self._narrow_to(self.prefix[:length], with_kms)) > MAX_SESSION_POLICY:
            length -= 1
        yield policy
        while length:
            length //= 2
            yield self._narrow_to(self.prefix[:length], with_kms)

    def _narrow_to(self, prefix: str, with_kms: bool) -> str:
        bucket_arn = f"arn:{self.partition}:s3:::{self.bucket}"
        begins_so = f"{escape_pattern(prefix)}*"
        statements: list[dict[str, object]] = [
            {
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": bucket_arn,
                "Condition": {"StringLike": {"s3:prefix": begins_so}},
            },
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket_arn}/{begins_so}"},
        ]
        if with_kms:  # the role, not we, says by which keys
            statements.append(allow_decrypt(key="*", region=self.region))
        return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def allow_decrypt(*, key: str, region: str) -> dict[str, object]:
    """An IAM statement: S3 of that region ("" for any) may decrypt objects for the role, and nobody else.

    AWS sets kms:ViaService itself: `s3.REGION.` and the partition's suffix, of which the last part is left
    open because it is not documented for each partition.
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    return {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": key,
        "Condition": {"StringLike": {"kms:ViaService": f"s3.{region or '*'}.*"}},
    }


def escape_pattern(text: str) -> str:
    """`text` as itself in an IAM pattern, where `*`, `?` and `$` would otherwise mean something.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return re.sub(r"[*?$]", lambda special: f"${{{special[0]}}}", text)
