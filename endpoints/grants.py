"""What one AssumeRole call asks for: a role, for one bucket and prefix, under a name that its owner knows.

Knows no AWS library, so that pages can use it without loading one.
"""

from __future__ import annotations

import json
import re
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

    @classmethod
    def for_endpoint(cls, endpoint: S3Endpoint, *, prefix: str = "") -> Grant:
        """Access to what `prefix`, relative to the endpoint's own path prefix, stands for."""
        return cls(
            endpoint_id=endpoint.public_id,
            account_slug=endpoint.account.slug,
            role_arn=endpoint.role_arn,
            external_id=endpoint.external_id,
            bucket=endpoint.bucket,
            region=endpoint.region,
            prefix=endpoint.full_prefix(prefix),
        )

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return self.role_arn.split(":")[1]

    @property
    def session_name(self) -> str:
        """What the customer's CloudTrail shows as the caller."""
        return NOT_IN_SESSION_NAME.sub("-", f"denominator-{self.account_slug}")[:MAX_SESSION_NAME]

    @property
    def session_policy(self) -> str:
        """The JSON policy that narrows the role to this bucket and prefix, within STS's limit of length.

        A prefix too long for the limit is narrowed by as much of its beginning as fits.
        """
        for length in range(len(self.prefix), -1, -1):
            policy = json.dumps(self._narrowed_to(self.prefix[:length]), separators=(",", ":"))
            if len(policy) <= MAX_SESSION_POLICY:
                return policy
        raise ValueError(f"No session policy for bucket {self.bucket} fits {MAX_SESSION_POLICY} characters.")

    def _narrowed_to(self, prefix: str) -> dict[str, object]:
        bucket_arn = f"arn:{self.partition}:s3:::{self.bucket}"
        begins_so = f"{escape_pattern(prefix)}*"
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "s3:ListBucket",
                    "Resource": bucket_arn,
                    "Condition": {"StringLike": {"s3:prefix": begins_so}},
                },
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket_arn}/{begins_so}"},
            ],
        }


def escape_pattern(text: str) -> str:
    """`text` as itself in an IAM pattern, where `*`, `?` and `$` would otherwise mean something.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return re.sub(r"[*?$]", lambda special: f"${{{special[0]}}}", text)
