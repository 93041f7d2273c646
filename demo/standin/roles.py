"""Customers' roles, whom they trust, and the temporary credentials given out for them."""

from __future__ import annotations

import re
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.standin.policies import MalformedPolicy, allows, parse_policy

OUR_ACCOUNT = "999999999999"
# Denominator's own may assume roles, and has no bucket; the customer's may do all with the buckets.
OUR_KEY = "AKIADENOMINATOR00000"  # pragma: allowlist secret (opens nothing at AWS)
ADMIN_KEY = "AKIABUCKETOWNER00000"  # pragma: allowlist secret (opens nothing at AWS)
READ_ONLY = ("s3:ListBucket", "s3:GetObject")


class Refused(Exception):
    """What AWS would answer: an HTTP status, an error code, its words, and further elements by name."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more


@dataclass(frozen=True, slots=True)
class Role:
    """A role in the customer's account: its trust policy by external ID, and what it may read.

    `requires_external_id=False` trusts our account whatever it says; `any_external_id` is the careless
    condition that wants an external ID, but takes each. `may_be_tagged`: its trust policy allows
    sts:TagSession. `policy` is a further policy of the role, which is held against requests as IAM does.
    """

    arn: str
    external_id: str
    bucket: str
    prefix: str = ""
    actions: tuple[str, ...] = READ_ONLY
    requires_external_id: bool = True
    any_external_id: bool = False
    may_be_tagged: bool = True
    policy: dict[str, Any] | None = None

    def trusts(self, external_id: str | None) -> bool:
        if not self.requires_external_id:
            return True
        if self.any_external_id:
            return external_id is not None
        return external_id == self.external_id

    def allows(self, *, action: str, bucket: str, name: str | None) -> bool:
        """`name` is the key, or the prefix of a list; None for a request about the bucket itself."""
        return action in self.actions and bucket == self.bucket and (name or "").startswith(self.prefix)

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def partition(self) -> str:
        return self.arn.split(":")[1]


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials of a role, narrowed by a session policy."""

    role: Role
    key: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    ends: datetime
    policy: dict[str, Any] | None
    name: str = ""

    @property
    def user(self) -> str:
        """Who AWS says that it is."""
        role = self.role.arn.split("/")[-1]
        return f"arn:{self.role.partition}:sts::{self.role.account}:assumed-role/{role}/{self.name}"

    def allows(self, *, action: str, bucket: str, name: str | None) -> bool:
        listing = action == "s3:ListBucket"
        asked: dict[str, Any] = {
            "action": action,
            "resource": f"arn:{self.role.partition}:s3:::{bucket}" + ("" if listing else f"/{name}"),
            "prefix": name if listing else None,
        }
        by_role = self.role.allows(action=action, bucket=bucket, name=name)
        if not by_role and not (self.role.policy and allows(self.role.policy, **asked)):
            return False
        return self.policy is None or allows(self.policy, **asked)


class Roles:
    """The registry of roles, and of the sessions begun with them."""

    def __init__(self) -> None:
        self._roles: dict[str, Role] = {}
        self.sessions: dict[str, Session] = {}
        self.caller_has_tags = (
            False  # transitive session tags, as EKS Pod Identity gives them to our own role
        )
        self.packed_space: int | None = None  # bytes for what is packed of a session policy; None: enough
        # A role that is not known here may read this bucket, and trusts the first external ID it is asked by.
        self.learns_for: str | None = None
        self.knows_kms = True  # other stores than AWS refuse session policies that name actions of KMS

    def add(self, role: Role) -> None:
        self._roles[role.arn] = role

    def remove(self, arn: str) -> None:
        self._roles.pop(arn, None)

    def assume(self, *, caller: str, request: dict[str, str], now: datetime) -> Session:
        """Answer AssumeRole, or raise Refused as AWS words it."""
        arn = request.get("RoleArn", "")
        _check_request(request)
        role = self._roles.get(arn) or self._learn(caller, arn, request.get("ExternalId"))
        if caller != OUR_KEY or role is None or not role.trusts(request.get("ExternalId")):
            raise _not_authorized("sts:AssumeRole", arn)
        if self.caller_has_tags and not role.may_be_tagged:
            raise _not_authorized("sts:TagSession", arn)
        policy = request.get("Policy")
        self._check_policy(policy or "")
        session = Session(
            role=role,
            key=f"ASIA{secrets.token_hex(8).upper()}",
            secret=secrets.token_urlsafe(30),
            token=secrets.token_urlsafe(120),
            ends=now + timedelta(seconds=int(request.get("DurationSeconds", 3600))),
            policy=parse_policy(policy) if policy is not None else None,
            name=request["RoleSessionName"],
        )
        self.sessions[session.key] = session
        return session

    def _learn(self, caller: str, arn: str, external_id: str | None) -> Role | None:
        if self.learns_for is None or caller != OUR_KEY or external_id is None:
            return None
        role = Role(arn=arn, external_id=external_id, bucket=self.learns_for)
        self.add(role)
        return role

    def _check_policy(self, policy: str) -> None:
        if not self.knows_kms and "kms:" in policy:
            raise Refused(400, "MalformedPolicyDocument", "Invalid action: kms:Decrypt")
        packed = len(zlib.compress(policy.encode()))
        if self.packed_space is not None and packed > self.packed_space:
            share = 100 * packed // self.packed_space
            message = f"Packed policy consumes {share}% of allotted space, please use smaller policy."
            raise Refused(400, "PackedPolicyTooLarge", message)

    def session_of(self, key: str, token: str, *, now: datetime) -> Session:
        """The session that a request shows the credentials of, or Refused."""
        session = self.sessions.get(key)
        if session is None:
            raise Refused(
                403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
            )
        if not secrets.compare_digest(session.token, token):
            raise Refused(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        if session.ends <= now:
            raise Refused(400, "ExpiredToken", "The provided token has expired.")
        return session


def _not_authorized(action: str, arn: str) -> Refused:
    user = f"arn:aws:iam::{OUR_ACCOUNT}:user/denominator"
    return Refused(
        403, "AccessDenied", f"User: {user} is not authorized to perform: {action} on resource: {arn}"
    )


def _check_request(request: dict[str, str]) -> None:
    """AssumeRole's rules for its parameters: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", request.get("RoleSessionName", ""), flags=re.ASCII):
        raise Refused(400, "ValidationError", "1 validation error detected: roleSessionName")
    if not re.fullmatch(r"arn:[\w-]+:iam::\d{12}:role/.+", request.get("RoleArn", "")):
        raise Refused(400, "ValidationError", f"{request.get('RoleArn')} is invalid")
    if "ExternalId" in request and not re.fullmatch(r"[\w+=,.@:\\/-]{2,1224}", request["ExternalId"]):
        raise Refused(400, "ValidationError", "1 validation error detected: externalId")
    if not 900 <= int(request.get("DurationSeconds", 3600)) <= 3600:
        raise Refused(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration")
    policy = request.get("Policy", "{}")
    if len(policy) > 2048 or re.search(r"[^\t\n\r\x20-\xff]", policy):
        raise Refused(400, "ValidationError", "1 validation error detected: policy")
    try:
        parse_policy(request["Policy"]) if "Policy" in request else None
    except MalformedPolicy as error:
        raise Refused(400, "MalformedPolicyDocument", str(error)) from None


def utc_now() -> datetime:
    return datetime.now(UTC)
