"""What the customer puts into AWS: the role's two policies, as JSON, CloudFormation and Terraform.

They give least access: our AWS account may assume the role with this endpoint's external ID alone, and the
role may list the bucket under the prefix and read objects there, nothing else.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from endpoints.grants import escape_pattern

VERSION = "2012-10-17"  # of IAM's policy language
OUR_ACCOUNT_PLACEHOLDER = "<DENOMINATOR_AWS_ACCOUNT_ID>"
BUCKET_PLACEHOLDER = "<BUCKET_NAME>"


@dataclass(frozen=True, slots=True)
class Documents:
    """The same access in the four forms that people create it from."""

    trust_policy: str
    inline_policy: str
    cloudformation: str
    terraform: str


def make_documents(*, external_id: str, bucket: str, prefix: str, region: str = "") -> Documents:
    """For a bucket and a full prefix (either may still be empty)."""
    partition = partition_of(region)
    trust = trust_policy(external_id=external_id, partition=partition)
    read = read_policy(bucket=bucket, pattern=f"{escape_pattern(prefix)}*", partition=partition)
    # CloudFormation and Terraform hand characters beyond Latin-1 to IAM as they are, and IAM refuses them;
    # in plain JSON they are escaped. There `?`, which matches any one character, stands for them.
    latin = "".join(char if char <= "\xff" else "?" for char in escape_pattern(prefix))
    portable = read_policy(bucket=bucket, pattern=f"{latin}*", partition=partition)
    return Documents(
        trust_policy=json.dumps(trust, indent=2),
        inline_policy=json.dumps(read, indent=2),
        cloudformation=_cloudformation(trust, portable),
        terraform=_terraform(trust, portable),
    )


def trust_policy(*, external_id: str, partition: str) -> dict[str, Any]:
    """Who may assume the role: our account, and only by showing the external ID."""
    account = settings.AWS_ACCOUNT_ID or OUR_ACCOUNT_PLACEHOLDER
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            }
        ],
    }


def read_policy(*, bucket: str, pattern: str, partition: str) -> dict[str, Any]:
    """What the role may do: list and read the keys that match `pattern` (`*` for all)."""
    bucket_arn = f"arn:{partition}:s3:::{bucket or BUCKET_PLACEHOLDER}"
    listing: dict[str, Any] = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket_arn}
    if pattern != "*":
        listing["Condition"] = {"StringLike": {"s3:prefix": pattern}}
    return {
        "Version": VERSION,
        "Statement": [
            listing,
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket_arn}/{pattern}"},
        ],
    }


def partition_of(region: str) -> str:
    """https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _cloudformation(trust: dict[str, Any], read: dict[str, Any]) -> str:
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Read-only access for Denominator to the CSV files of one bucket",
        "Resources": {
            "DenominatorRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": settings.SUGGESTED_ROLE_NAME,
                    "AssumeRolePolicyDocument": trust,
                    "Policies": [{"PolicyName": settings.SUGGESTED_POLICY_NAME, "PolicyDocument": read}],
                },
            }
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["DenominatorRole", "Arn"]}}},
    }
    return "\n".join(_yaml(template)) + "\n"


def _yaml(value: dict[str, Any], indent: str = "") -> Iterator[str]:
    """Block style; every text is a JSON string, which YAML reads as one whatever is in it."""
    for key, entry in value.items():
        if isinstance(entry, dict):
            yield f"{indent}{key}:"
            yield from _yaml(entry, indent + "  ")
        elif isinstance(entry, list):
            yield f"{indent}{key}:"
            for item in entry:
                yield from _yaml_item(item, indent + "  ")
        else:
            yield f"{indent}{key}: {_quote(entry)}"


def _yaml_item(item: dict[str, Any] | str, indent: str) -> Iterator[str]:
    if isinstance(item, str):
        yield f"{indent}- {_quote(item)}"
        return
    first, *rest = _yaml(item, indent + "  ")
    yield f"{indent}- {first.lstrip()}"
    yield from rest


def _terraform(trust: dict[str, Any], read: dict[str, Any]) -> str:
    return f"""resource "aws_iam_role" "denominator" {{
  name               = {_hcl_quote(settings.SUGGESTED_ROLE_NAME)}
  assume_role_policy = jsonencode({_hcl(trust, "  ")})
}}

resource "aws_iam_role_policy" "denominator" {{
  name   = {_hcl_quote(settings.SUGGESTED_POLICY_NAME)}
  role   = aws_iam_role.denominator.id
  policy = jsonencode({_hcl(read, "  ")})
}}

output "role_arn" {{
  value = aws_iam_role.denominator.arn
}}
"""


def _hcl(value: dict[str, Any] | list[Any] | str, indent: str) -> str:
    deeper = indent + "  "
    if isinstance(value, dict):
        lines = [f"{deeper}{_hcl_quote(key)} = {_hcl(entry, deeper)}" for key, entry in value.items()]
        return "\n".join(["{", *lines, f"{indent}}}"])
    if isinstance(value, list):
        lines = [f"{deeper}{_hcl(entry, deeper)}," for entry in value]
        return "\n".join(["[", *lines, f"{indent}]"])
    return _hcl_quote(value)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _hcl_quote(text: str) -> str:
    """`${` and `%{` begin a template in HCL, doubled they are themselves."""
    return _quote(text).replace("${", "$${").replace("%{", "%%{")
