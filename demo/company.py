"""The demo's account, person and endpoint, made once and found again at every later start."""

from __future__ import annotations

from accounts.models import Account, User
from accounts.roles import ADMIN
from accounts.services import add_member, create_account, set_password
from demo.sample import BUCKET, PATH_PREFIX
from endpoints.models import S3Endpoint, new_external_id

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
        user = add_member(account=account, email=EMAIL, role=ADMIN, name="Dana Demo", password=password)[
            0
        ].user
    elif not user.check_password(password):
        set_password(user=user, password=password)
    endpoint, _ = S3Endpoint.objects.get_or_create(
        account=account,
        name=ENDPOINT_NAME,
        defaults={
            "description": "The S3 stand-in of the demo, with sample files",
            "role_arn": ROLE_ARN,
            "external_id": new_external_id(),
            "bucket": BUCKET,
            "path_prefix": PATH_PREFIX,
            "region": REGION,
            "created_by": user,
        },
    )
    return endpoint
