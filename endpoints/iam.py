"""What the customer puts into AWS: the role's policies, as JSON, CloudFormation and Terraform.

They give least access: our AWS account may assume the role with this endpoint's external ID alone, and the
role may list the bucket under the prefix and read objects there, nothing else. A customer whose files are
encrypted with a KMS key of their own adds the use of that key through S3.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from endpoints.grants import allow_decrypt, escape_pattern
from endpoints.storage import find_partition

VERSION = "2012-10-17"  # of IAM's policy language
OUR_ACCOUNT_PLACEHOLDER = "<DENOMINATOR_AWS_ACCOUNT_ID>"
BUCKET_PLACEHOLDER = "<BUCKET_NAME>"
KMS_KEY_PLACEHOLDER = "<KMS_KEY_ARN>"
ROLE_PLACEHOLDER = "<ROLE_ARN>"
# https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
TAGS_OF_POD_IDENTITY = [
    "eks-cluster-arn",
    "eks-cluster-name",
    "kubernetes-namespace",
    "kubernetes-pod-name",
    "kubernetes-pod-uid",
    "kubernetes-service-account",
]


@dataclass(frozen=True, slots=True)
class Documents:
    """The same access in the four forms that people create it from.

    `kms_policy` and `key_policy` are for a customer-managed KMS key alone: the role's second policy, and a
    statement of the key's own policy where the key is in another account. CloudFormation and Terraform have
    the former as an option.
    """

    trust_policy: str
    inline_policy: str
    cloudformation: str
    terraform: str
    kms_policy: str
    key_policy: str


def make_documents(
    *, external_id: str, bucket: str, prefix: str, region: str = "", role_arn: str = ""
) -> Documents:
    """For a bucket and a full prefix (any of them may still be empty)."""
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
        cloudformation=_cloudformation(trust, portable, region),
        terraform=_terraform(trust, portable, region),
        kms_policy=json.dumps(kms_policy(key=KMS_KEY_PLACEHOLDER, region=region), indent=2),
        key_policy=json.dumps(
            {"Principal": {"AWS": role_arn or ROLE_PLACEHOLDER}, **allow_decrypt(key="*", region=region)},
            indent=2,
        ),
    )


def trust_policy(*, external_id: str, partition: str) -> dict[str, Any]:
    """Who may assume the role: our account, and only by showing the external ID.

    The second statement lets nobody in: where our own credentials come from EKS Pod Identity, AWS hands their
    tags on with every AssumeRole, and refuses the call unless the role may be tagged. The external ID is a
    condition of sts:AssumeRole alone. No other tags are allowed: policies may give access by them.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    account = settings.AWS_ACCOUNT_ID or OUR_ACCOUNT_PLACEHOLDER
    principal = {"AWS": f"arn:{partition}:iam::{account}:root"}
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": principal,
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            },
            {
                "Effect": "Allow",
                "Principal": principal,
                "Action": "sts:TagSession",
                "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": TAGS_OF_POD_IDENTITY}},
            },
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


def kms_policy(*, key: Any, region: str) -> dict[str, Any]:
    """What the role may do with a customer-managed key: let S3 decrypt with it."""
    return {"Version": VERSION, "Statement": [allow_decrypt(key=key, region=region)]}


def partition_of(region: str) -> str:
    """The region's; `aws` while it is not known, or is none of AWS's."""
    return find_partition(region) or "aws"


def kms_policy_name() -> str:
    return f"{settings.SUGGESTED_POLICY_NAME}_kms"


def _cloudformation(trust: dict[str, Any], read: dict[str, Any], region: str) -> str:
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Read-only access for Denominator to the CSV files of one bucket",
        "Parameters": {
            "KmsKeyArn": {
                "Type": "String",
                "Default": "",
                "Description": "Only if the files are encrypted with a customer-managed KMS key: its ARN",
            }
        },
        "Conditions": {"HasKmsKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "KmsKeyArn"}, ""]}]}},
        "Resources": {
            "DenominatorRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": settings.SUGGESTED_ROLE_NAME,
                    "AssumeRolePolicyDocument": trust,
                    "Policies": [{"PolicyName": settings.SUGGESTED_POLICY_NAME, "PolicyDocument": read}],
                },
            },
            "DenominatorKmsPolicy": {
                "Type": "AWS::IAM::Policy",
                "Condition": "HasKmsKey",
                "Properties": {
                    "Roles": [{"Ref": "DenominatorRole"}],
                    "PolicyName": kms_policy_name(),
                    "PolicyDocument": kms_policy(key={"Ref": "KmsKeyArn"}, region=region),
                },
            },
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


def _terraform(trust: dict[str, Any], read: dict[str, Any], region: str) -> str:
    decrypt: Any = allow_decrypt(key="", region=region)
    return f"""variable "kms_key_arn" {{
  description = "Only if the files are encrypted with a customer-managed KMS key: its ARN"
  type        = string
  default     = ""
}}

resource "aws_iam_role" "denominator" {{
  name               = {_hcl_quote(settings.SUGGESTED_ROLE_NAME)}
  assume_role_policy = jsonencode({_hcl(trust, "  ")})
}}

resource "aws_iam_role_policy" "denominator" {{
  name   = {_hcl_quote(settings.SUGGESTED_POLICY_NAME)}
  role   = aws_iam_role.denominator.id
  policy = jsonencode({_hcl(read, "  ")})
}}

data "aws_iam_policy_document" "denominator_kms" {{
  statement {{
    actions   = [{_hcl_quote(decrypt["Action"])}]
    resources = [var.kms_key_arn]

    condition {{
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = [{_hcl_quote(decrypt["Condition"]["StringLike"]["kms:ViaService"])}]
    }}
  }}
}}

resource "aws_iam_role_policy" "denominator_kms" {{
  count  = var.kms_key_arn == "" ? 0 : 1
  name   = {_hcl_quote(kms_policy_name())}
  role   = aws_iam_role.denominator.id
  policy = data.aws_iam_policy_document.denominator_kms.json
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
