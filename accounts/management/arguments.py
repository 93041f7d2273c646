"""What commands of every app take: an account, by its slug."""

from __future__ import annotations

from django.core.management.base import CommandParser

from accounts.models import Account
from accounts.selectors import get_account
from commandline.command import WrongArguments


def add_account_argument(parser: CommandParser) -> None:
    parser.add_argument("--account", required=True, metavar="SLUG", help="the account, by its slug")


def find_account(slug: str) -> Account:
    """The account of that slug; raises WrongArguments, with the way to create one."""
    try:
        return get_account(slug=slug)
    except Account.DoesNotExist:
        raise WrongArguments(
            f'There is no account "{slug}". Check --account, or create it: manage.py add_account NAME'
        ) from None
