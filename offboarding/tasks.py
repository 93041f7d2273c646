"""The task of a removal. Idempotent."""

from __future__ import annotations

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.models import Account
from offboarding import services


@shared_task
def remove_account(*, account_id: int, export: bool) -> None:
    """Remove an account that an operator has deactivated for it; export it first, where they asked for it."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or account.s3_csv_telemetry:  # removed already, or opened again by an operator
        return
    folder = Path(settings.ACCOUNT_EXPORTS_DIR) / account.slug if export else None
    services.remove_account(account=account, now=timezone.now(), export_to=folder, report=lambda _text: None)
