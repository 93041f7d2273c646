"""KMS, as far as S3 asks it for a role that reads an encrypted object.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from __future__ import annotations

from dataclasses import dataclass

from demo.standin.policies import allows
from demo.standin.roles import Refused, Session

ACTION = "kms:Decrypt"
SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}  # amazonaws.com elsewhere
STATES = {
    "disabled": ("KMS.DisabledException", "{arn} is disabled."),
    "pending_deletion": ("KMS.KMSInvalidStateException", "{arn} is pending deletion."),
    "gone": ("KMS.NotFoundException", "Key '{arn}' does not exist"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """`state` is enabled or one of STATES; `lets_in` are the ARNs of roles of other accounts."""

    arn: str
    state: str = "enabled"
    lets_in: tuple[str, ...] = ()


class Keys:
    """Customer-managed keys; one that nobody has described is enabled, and lets in its own account alone."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}

    def add(self, key: Key) -> None:
        self._keys[key.arn] = key

    def decrypt(self, arn: str, *, session: Session, region: str) -> None:
        """Raise Refused unless S3 of `region` may have the data key of an object for this session."""
        key = self._keys.get(arn, Key(arn))
        role = session.role
        asked = {
            "action": ACTION,
            "resource": arn,
            "via_service": f"s3.{region}.{SUFFIXES.get(role.partition, 'amazonaws.com')}",
        }
        if role.policy is None or not allows(role.policy, **asked):
            raise _denied(session, arn, "identity-based")
        if session.policy is not None and not allows(session.policy, **asked):
            raise _denied(session, arn, "session")
        if arn.split(":")[4] != role.account and role.arn not in key.lets_in:
            raise _denied(session, arn, "resource-based")
        if key.state in STATES:
            code, message = STATES[key.state]
            raise Refused(400, code, message.format(arn=arn))


def _denied(session: Session, arn: str, policy: str) -> Refused:
    return Refused(
        403,
        "AccessDenied",
        f"User: {session.user} is not authorized to perform: {ACTION} on resource: {arn} "
        f"because no {policy} policy allows the {ACTION} action",
    )
