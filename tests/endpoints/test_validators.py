"""What AWS takes, what it does not, and what people paste instead."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from endpoints.storage import list_regions
from endpoints.validators import (
    clean_bucket,
    clean_connection,
    clean_prefix,
    clean_region,
    clean_role_arn,
)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:role/FinoutMetricsReadOnlyRole",
        "arn:aws-cn:iam::123456789012:role/R",
        "arn:aws-us-gov:iam::123456789012:role/R",
        "arn:aws-eusc:iam::123456789012:role/R",
        "arn:aws-iso-b:iam::123456789012:role/R",
        "arn:aws:iam::123456789012:role/service-role/exports/Reader_+=,.@-1",
        "arn:aws:iam::123456789012:role/" + "r" * 64,
        "  arn:aws:iam::123456789012:role/Pasted\n",
    ],
)
def test_a_role_arn_is_taken(arn):
    assert clean_role_arn(arn) == arn.strip()


@pytest.mark.parametrize(
    ("arn", "hint"),
    [
        ("", "whole ARN"),
        ("FinoutMetricsReadOnlyRole", "whole ARN"),
        ("arn:aws:iam::12345678901:role/R", "whole ARN"),
        ("arn:aws:iam::123456789012:role/", "whole ARN"),
        ("arn:aws:iam::123456789012:role/" + "r" * 65, "whole ARN"),
        ("arn:aws:iam::123456789012:role/a b", "whole ARN"),
        ("arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/R", "whole ARN"),
        ("arn:aws:iam::123456789012:role/Röle", "whole ARN"),
        ("arn:moon:iam::123456789012:role/R", "whole ARN"),
        ("arn:aws:iam::123456789012:role/" + "p" * 511 + "/R", "whole ARN"),
        ("arn:aws:iam::123456789012:user/me", "not the ARN of a role"),
        ("arn:aws:iam::123456789012:root", "not the ARN of a role"),
        ("arn:aws:iam::123456789012:policy/p", "not the ARN of a role"),
        ("arn:aws:sts::123456789012:assumed-role/R/session", "ARN of a session"),
        ("denominator-0123456789abcdef", "This is the External ID"),
    ],
)
def test_invalid_role_arns_are_told_apart(arn, hint):
    with pytest.raises(ValidationError, match=hint):
        clean_role_arn(arn)


@pytest.mark.parametrize(
    "name", ["abc", "a" * 63, "acme-exports", "acme.exports.2026", "1-2", " acme-exports ", "192.168.5.4.5"]
)
def test_a_bucket_name_is_taken(name):
    assert clean_bucket(name) == name.strip()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("", "3 to 63 characters; this has 0"),
        ("ab", "3 to 63 characters; this has 2"),
        ("a" * 64, "3 to 63 characters; this has 64"),
        ("Acme", "lowercase letters"),
        ("acme_exports", "lowercase letters"),
        ("täglich", "lowercase letters"),
        ("-acme", "begins and ends"),
        ("acme-", "begins and ends"),
        (".acme", "begins and ends"),
        ("a..b", "two dots"),
        ("192.168.5.4", "IP address"),
        ("xn--acme", "begins with xn--"),
        ("sthree-acme", "begins with sthree-"),
        ("sthree-configurator", "begins with sthree-"),
        ("amzn-s3-demo-bucket", "begins with amzn-s3-demo-"),
        ("acme-s3alias", "ends with -s3alias"),
        ("acme--ol-s3", "ends with --ol-s3"),
        ("acme.mrap", "ends with .mrap"),
        ("acme--x-s3", "ends with --x-s3"),
        ("acme--table-s3", "ends with --table-s3"),
        ("s3://acme-exports", "put acme-exports here[.]"),
        ("s3://acme-exports/usage/2026/", "put acme-exports here and usage/2026/ into S3 Path Prefix"),
        ("arn:aws:s3:::acme-exports", "put acme-exports here[.]"),
        ("arn:aws:s3:::acme-exports/*", "put acme-exports here[.]"),
        ("arn:aws:s3:::acme-exports/usage/*", "put acme-exports here and usage/ into"),
        ("https://acme-exports.s3.amazonaws.com/x.csv", "name alone"),
        ("acme-exports/usage", "name alone"),
    ],
)
def test_an_invalid_bucket_name_says_what_to_enter(name, hint):
    with pytest.raises(ValidationError, match=hint):
        clean_bucket(name)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("/", "/"),
        (" exports/usage ", "exports/usage"),
        ("/exports//usage/", "/exports//usage/"),
        ("täglich/日本/a b+c*?$", "täglich/日本/a b+c*?$"),
        ("é" * 512, "é" * 512),
    ],
)
def test_a_prefix_is_kept_as_typed(typed, kept):
    assert clean_prefix(typed) == kept


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("exports/\x00x", r"control character \(U\+0000\)"),
        ("exports/\nx", r"control character \(U\+000A\)"),
        ("exports/\x9fx", r"control character \(U\+009F\)"),
        ("é" * 513, "at most 1,024 bytes; this prefix has 1,026"),
        ("s3://acme/exports", "path alone"),
    ],
)
def test_a_prefix_that_cannot_be_one_says_why(typed, hint):
    with pytest.raises(ValidationError, match=hint):
        clean_prefix(typed)


@pytest.mark.parametrize(
    "region",
    [
        *("us-east-1", "eu-central-2", "ap-southeast-7", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"),
        *("us-iso-east-1", "us-isob-west-1", "eu-isoe-west-1", "us-isof-south-1"),
    ],
)
def test_a_region_that_aws_has_is_known_and_taken(region):
    assert region in list_regions()
    assert clean_region(f" {region.upper()} ", known=list_regions()) == region


NOT_OF_AWS = [
    "xx-evil-1",
    "us-evil-1",
    "mx-northwest-3",
    "garage",
    "aws-global",
    "eu-west-١",
    "us-east-1\n.x",
]


@pytest.mark.parametrize("region", NOT_OF_AWS)
@pytest.mark.parametrize("url", ["", "https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com"])
def test_a_region_that_the_sdk_does_not_know_is_refused_on_aws(region, url, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    with pytest.raises(ValidationError, match="Enter the region's code"):
        clean_region(region, known=list_regions())


def test_another_store_may_have_any_region_names(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.example.com")
    for region in ("garage", "fr-par", "nbg1", "ru-central1"):
        assert clean_region(region, known=list_regions()) == region
    for region in ("eu.evil", "-x", "a b", "x" * 31):
        with pytest.raises(ValidationError):
            clean_region(region, known=list_regions())


@pytest.mark.parametrize(
    "name", ["Acme_Usage", "ACME", "acme_usage", "a" * 255, "acme..usage", "-acme-", "Acme.Usage_2012"]
)
def test_a_bucket_of_before_2018_is_taken_in_us_east_1_alone(name):
    assert clean_bucket(name, region="us-east-1") == name
    for region in ("eu-west-1", ""):
        with pytest.raises(ValidationError, match=r"before March 2018 .* in us-east-1 alone"):
            clean_bucket(name, region=region)


@pytest.mark.parametrize(
    "name", ["a" * 256, "ab", "Acme Usage", "täglich", "s3://Acme", "X--x-s3", "1.2.3.4"]
)
def test_what_was_no_bucket_name_before_2018_is_none_today(name):
    with pytest.raises(ValidationError):
        clean_bucket(name, region="us-east-1")


@pytest.mark.parametrize(
    ("role", "region", "told"),
    [
        ("aws", "cn-north-1", "cn-north-1 is a region of aws-cn, and the role is one of aws"),
        ("aws-eusc", "eu-central-1", "it begins with arn:aws:iam"),
        ("aws-us-gov", "us-east-1", "Enter a region of aws-us-gov"),
    ],
)
def test_a_region_of_another_partition_than_the_roles_is_said_at_the_region(role, region, told):
    with pytest.raises(ValidationError) as caught:
        clean_connection(role_arn=f"arn:{role}:iam::123456789012:role/R", region=region)
    assert told in caught.value.message_dict["region"][0]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("", "such as us-east-1"),
        ("Frankfurt", "such as us-east-1"),
        ("eu-central", "such as us-east-1"),
        ("us-east-1a", "code alone: us-east-1"),
        ("US East (N. Virginia) us-east-1", "code alone: us-east-1"),
        ("eu-west-1.evil.example", "code alone: eu-west-1"),
    ],
)
def test_an_invalid_region_gets_an_example(typed, hint):
    with pytest.raises(ValidationError, match=hint):
        clean_region(typed, known=list_regions())
