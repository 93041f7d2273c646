"""The documents that customers put into AWS: they parse, say the same, and nothing breaks out."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from demo.standin.policies import allows
from endpoints.iam import make_documents

EXTERNAL_ID = "denominator-0123456789"
NASTY = "a\"b\\c${aws:username}/%{x}/*?: #'/"


@pytest.fixture(autouse=True)
def our_account(settings):
    settings.AWS_ACCOUNT_ID = "210987654321"


def documents(*, bucket="acme-exports", prefix="exports/", region="eu-west-1"):
    return make_documents(external_id=EXTERNAL_ID, bucket=bucket, prefix=prefix, region=region)


def test_only_our_account_with_this_external_id_is_trusted():
    statement, _ = json.loads(documents().trust_policy)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
    }


def test_the_session_tags_of_eks_are_allowed_and_let_nobody_in():
    _, statement = json.loads(documents().trust_policy)["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::210987654321:root"}
    assert statement["Action"] == "sts:TagSession"
    [tags] = statement["Condition"]["ForAllValues:StringEquals"].values()
    assert all(tag.startswith(("eks-", "kubernetes-")) for tag in tags)


@pytest.mark.parametrize("region", ["eu-west-1", ""])
def test_a_kms_key_is_an_option_in_each_form(region):
    made = documents(region=region)
    for text in (made.inline_policy, made.trust_policy):
        assert "kms" not in text
    via = f"s3.{region or '*'}.*"
    [statement] = json.loads(made.kms_policy)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": "<KMS_KEY_ARN>",
        "Condition": {"StringLike": {"kms:ViaService": via}},
    }
    template = yaml.safe_load(made.cloudformation)
    assert template["Parameters"]["KmsKeyArn"]["Default"] == ""
    option = template["Resources"]["DenominatorKmsPolicy"]
    assert option["Condition"] in template["Conditions"]
    [same] = option["Properties"]["PolicyDocument"]["Statement"]
    assert same == {**statement, "Resource": {"Ref": "KmsKeyArn"}}
    assert 'count  = var.kms_key_arn == "" ? 0 : 1' in made.terraform
    assert f'values   = ["{via}"]' in made.terraform


def test_a_key_of_another_account_lets_this_role_in():
    role = "arn:aws:iam::123456789012:role/R"
    made = make_documents(external_id=EXTERNAL_ID, bucket="b", prefix="", region="eu-west-1", role_arn=role)
    assert json.loads(made.key_policy)["Principal"] == {"AWS": role}
    assert json.loads(documents().key_policy)["Principal"] == {"AWS": "<ROLE_ARN>"}


def test_the_role_may_list_and_read_under_the_prefix_alone():
    listing, reading = json.loads(documents().inline_policy)["Statement"]
    assert listing == {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::acme-exports",
        "Condition": {"StringLike": {"s3:prefix": "exports/*"}},
    }
    assert reading == {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::acme-exports/exports/*",
    }


def test_without_a_prefix_the_whole_bucket_may_be_read():
    listing, reading = json.loads(documents(prefix="").inline_policy)["Statement"]
    assert "Condition" not in listing
    assert reading["Resource"] == "arn:aws:s3:::acme-exports/*"


def test_what_is_not_known_yet_is_a_placeholder(settings):
    settings.AWS_ACCOUNT_ID = ""
    made = documents(bucket="", prefix="")
    assert "arn:aws:iam::<DENOMINATOR_AWS_ACCOUNT_ID>:root" in made.trust_policy
    assert "arn:aws:s3:::<BUCKET_NAME>/*" in made.inline_policy


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("eu-west-9", "aws"),
        ("", "aws"),
        ("eu-", "aws"),
    ],
)
def test_arns_are_of_the_regions_partition(region, partition):
    made = documents(region=region)
    assert f"arn:{partition}:iam::" in made.trust_policy
    assert f"arn:{partition}:s3:::acme-exports" in made.inline_policy
    assert f"arn:{partition}:s3:::acme-exports" in made.terraform


@pytest.mark.parametrize("prefix", ["exports/", "", NASTY, "täglich/"])
def test_cloudformation_says_the_same(settings, prefix):
    made = documents(prefix=prefix)
    template = yaml.safe_load(made.cloudformation)
    role = template["Resources"]["DenominatorRole"]["Properties"]
    assert role["RoleName"] == settings.SUGGESTED_ROLE_NAME
    assert role["AssumeRolePolicyDocument"] == json.loads(made.trust_policy)
    (policy,) = role["Policies"]
    assert policy == {
        "PolicyName": settings.SUGGESTED_POLICY_NAME,
        "PolicyDocument": json.loads(made.inline_policy),
    }
    assert template["Outputs"]["RoleArn"]["Value"] == {"Fn::GetAtt": ["DenominatorRole", "Arn"]}


@pytest.mark.parametrize("prefix", ["exports/", NASTY, "täglich/"])
def test_terraform_says_the_same(prefix):
    made = documents(prefix=prefix)
    trust, read = (
        json.loads(hcl_to_json(text))
        for text in re.findall(r"jsonencode\((.*?)\)$", made.terraform, re.S | re.M)
    )
    assert trust == json.loads(made.trust_policy)
    assert read == json.loads(made.inline_policy)


def hcl_to_json(text: str) -> str:
    """Of an object literal with quoted keys and without expressions."""
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", text), "a template would be evaluated"
    text = text.replace("$${", "${").replace("%%{", "%{")
    text = re.sub(r'^(\s*"[^"]*") = ', r"\1: ", text, flags=re.M)
    text = re.sub(r'(["\]}])\n(\s*")', r"\1,\n\2", text)
    return re.sub(r",(\s*[\]}])", r"\1", text)


def test_special_characters_of_a_prefix_mean_themselves():
    policy = json.loads(documents(prefix=NASTY).inline_policy)
    resource = "arn:aws:s3:::acme-exports/"
    assert allows(policy, action="s3:GetObject", resource=f"{resource}{NASTY}1.csv", prefix=None)
    other = NASTY.replace("*", "X")
    assert not allows(policy, action="s3:GetObject", resource=f"{resource}{other}1.csv", prefix=None)


def test_what_iam_refuses_beyond_latin_1_is_escaped_or_matched_by_a_wildcard():
    """IAM takes policy documents of U+0020 to U+00FF: CreatePolicy, "Request Parameters"."""
    made = documents(prefix="日本/täglich/")
    assert made.inline_policy.isascii()
    assert json.loads(made.inline_policy)["Statement"][1]["Resource"].endswith("/日本/täglich/*")
    for text in (made.cloudformation, made.terraform):
        assert max(text) <= "\xff"
        assert "acme-exports/??/täglich/*" in text
