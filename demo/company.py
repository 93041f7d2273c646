"""The demo's account, person and endpoint, made once and found again at every later start."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import Account, User
from accounts.roles import ADMIN
from accounts.services import add_member, create_account, set_password
from demo.sample import BUCKET, PATH_PREFIX
from endpoints.models import S3Endpoint
from endpoints.services import create_endpoint

ACCOUNT_SLUG = "demo"
EMAIL = "demo@example.com"
ENDPOINT_NAME = "Sample bucket"
REGION = "us-east-1"
CUSTOMER_ACCOUNT_ID = "222222222222"
ROLE_ARN = f"arn:aws:iam::{CUSTOMER_ACCOUNT_ID}:role/FinoutMetricsReadOnlyRole"


def open_company(*, password: str) -> S3Endpoint:
    """Make sure that the company stands and that `password` opens it; returns its endpoint."""
    account = Account.objects.filter(slug=ACCOUNT_SLUG).first()
    if account is None:
        account = create_account(name="Demo Company", slug=ACCOUNT_SLUG)
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        membership, _ = add_member(account=account, email=EMAIL, role=ADMIN, password=password)
        user = membership.user
    elif not user.check_password(password):
        set_password(user=user, password=password)
    is_ours = Q(name=ENDPOINT_NAME) | Q(role_arn=ROLE_ARN)  # a person may have edited one of them
    endpoint = S3Endpoint.objects.for_account(account).filter(is_ours).first()
    return endpoint or create_endpoint(
        account=account,
        name=ENDPOINT_NAME,
        description="The S3 stand-in of the demo, with sample files",
        role_arn=ROLE_ARN,
        bucket=BUCKET,
        path_prefix=PATH_PREFIX,
        region=REGION,
        created_by=user,
    )
