"""Just enough of IAM's policy language to hold a session policy against a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import re
from typing import Any


class MalformedPolicy(ValueError):
    pass


def parse_policy(text: str) -> dict[str, Any]:
    """The policy as a dictionary. Raises MalformedPolicy for what IAM would refuse."""
    try:
        policy = json.loads(text)
    except ValueError:
        raise MalformedPolicy("This policy contains invalid Json") from None
    if not isinstance(policy, dict) or policy.get("Version") != "2012-10-17" or "Statement" not in policy:
        raise MalformedPolicy("Syntax errors in policy.")
    return policy


def allows(
    policy: dict[str, Any],
    *,
    action: str,
    resource: str,
    prefix: str | None = None,
    via_service: str | None = None,
) -> bool:
    """Whether the policy allows `action` on the ARN `resource`.

    `prefix` is the request's s3:prefix, `via_service` its kms:ViaService. Only Allow statements: what else a
    policy may say is refused by saying no.
    """
    given = {"s3:prefix": prefix, "kms:ViaService": via_service}
    return any(
        statement.get("Effect") == "Allow"
        and _any_matches(statement.get("Action"), action)
        and _any_matches(statement.get("Resource"), resource)
        and _condition_holds(statement.get("Condition", {}), given)
        for statement in _as_list(policy["Statement"])
    )


def _condition_holds(condition: dict[str, dict[str, Any]], given: dict[str, str | None]) -> bool:
    for operator, tests in condition.items():
        for name, patterns in tests.items():
            value = given.get(name)
            if value is None:
                return False
            if operator == "StringLike" and not _any_matches(patterns, value):
                return False
            if operator == "StringEquals" and value not in _as_list(patterns):
                return False
            if operator not in {"StringLike", "StringEquals"}:
                return False
    return True


def _any_matches(patterns: Any, text: str) -> bool:
    return any(_matches(pattern, text) for pattern in _as_list(patterns))


def _matches(pattern: str, text: str) -> bool:
    """`*` and `?` are wildcards; `${*}`, `${?}` and `${$}` are the characters themselves."""
    parts = re.findall(r"\$\{([*?$])\}|(.)", pattern, flags=re.DOTALL)
    wild = {"*": ".*", "?": "."}
    expression = "".join(re.escape(literal) or wild.get(char, re.escape(char)) for literal, char in parts)
    return re.fullmatch(expression, text, flags=re.DOTALL) is not None


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
