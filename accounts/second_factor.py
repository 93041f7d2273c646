"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.

Own code around `cryptography`'s TOTP: the libraries (django-otp, allauth.mfa) store recovery codes in clear
text (docs/decisions/0020).
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from datetime import datetime, timedelta
from hashlib import sha256

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q

from accounts.encryption import CannotDecrypt, decrypt, encrypt
from accounts.journal import record_about_person
from accounts.models import Account, RecoveryCode, SecondFactor, User
from accounts.notices import tell_owner
from accounts.sessions import end_sessions

STEP = 30  # seconds for which the app shows a code
STEPS_OFF = 1  # allowed clock drift of the phone, in steps, either way
RECOVERY_CODES = 10
MAX_WRONG_CODES = 10  # in a row, from any address; then there is a pause
PAUSE = timedelta(minutes=15)
INCORRECT_CODE = (
    "Incorrect code, or one that was used already. Wait for the next one in your app and enter that."
)


def has_second_factor(user: User) -> bool:
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def must_set_up(*, user: User, account: Account) -> bool:
    """Whether the account requires a second factor and the person has none."""
    return account.second_factor_required and not has_second_factor(user)


def begin_set_up(*, user: User) -> None:
    """Create a secret, active once it is confirmed. Raises ValidationError where one is active already."""
    if has_second_factor(user):
        raise ValidationError("You already have a second factor. Turn it off before you set up another one.")
    secret = encrypt(secrets.token_bytes(20).hex())
    SecondFactor.objects.update_or_create(user=user, defaults={"secret": secret, "last_step": 0})


@transaction.atomic
def confirm_set_up(*, user: User, code: str, now: datetime) -> list[str]:
    """Activate the second factor and create the recovery codes, to be shown once.

    Raises ValidationError for a wrong code. Other sessions of the person end.
    """
    factor = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    if factor is None or not _use_app_code(factor, code, now):
        raise ValidationError({"code": INCORRECT_CODE})
    SecondFactor.objects.filter(pk=factor.pk).update(confirmed_at=now)
    codes = _make_recovery_codes(user)
    end_sessions(user=user)
    record_about_person("person.second_factor_set_up", user=user)
    tell_owner(user, "second_factor_on")
    return codes


def renew_recovery_codes(*, user: User, code: str, now: datetime) -> list[str]:
    """Replace the recovery codes. Raises ValidationError for a wrong code."""
    check_code(user=user, code=code, now=now)
    with transaction.atomic():
        codes = _make_recovery_codes(user)
        record_about_person("person.recovery_codes_renewed", user=user)
        tell_owner(user, "recovery_codes")
    return codes


def turn_off(*, user: User, code: str, now: datetime) -> None:
    """By the person. Raises ValidationError for a wrong code."""
    check_code(user=user, code=code, now=now)
    remove_second_factor(user=user)


@transaction.atomic
def remove_second_factor(*, user: User) -> bool:
    """Returns whether there was one. Sessions of the person end."""
    deleted, _ = SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if deleted:
        end_sessions(user=user)
        record_about_person("person.second_factor_removed", user=user)
        tell_owner(user, "second_factor_off")
    return bool(deleted)


def check_code(*, user: User, code: str, now: datetime) -> None:
    """Accept a code of the app or a recovery code, each once. Raises ValidationError keyed by `code`.

    Each attempt is counted before it is checked; a correct code resets the counter. Do not call inside a
    transaction, which the error would roll back.
    """
    factor = SecondFactor.objects.get(user=user)
    # One conditional UPDATE, so that concurrent attempts cannot exceed the limit.
    is_free = Q(wrong_codes__lt=MAX_WRONG_CODES) | Q(last_wrong_at__lte=now - PAUSE)
    tries = SecondFactor.objects.filter(is_free, pk=factor.pk)
    if not tries.update(wrong_codes=F("wrong_codes") + 1, last_wrong_at=now):
        minutes = PAUSE.seconds // 60
        raise ValidationError({"code": f"Too many wrong codes. Wait {minutes} minutes and try again."})
    if not _use_app_code(factor, code, now) and not _use_recovery_code(user, code):
        raise ValidationError({"code": INCORRECT_CODE})


def read_secret(*, user: User) -> str:
    """The secret of an unconfirmed second factor, in the form to type into an app.

    Raises SecondFactor.DoesNotExist.
    """
    factor = SecondFactor.objects.get(user=user, confirmed_at=None)
    return b32encode(bytes.fromhex(decrypt(factor.secret))).decode()


def draw_qr_code(*, user: User) -> str:
    """The same as a QR code: a data: URI of an SVG."""
    factor = SecondFactor.objects.get(user=user, confirmed_at=None)
    uri = _totp(factor).get_provisioning_uri(user.email, "Denominator")
    return segno.make(uri, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def _totp(factor: SecondFactor) -> TOTP:
    """Six digits, SHA-1, 30 seconds: what every app speaks."""
    return TOTP(bytes.fromhex(decrypt(factor.secret)), 6, SHA1(), STEP)  # noqa: S303 (HMAC-SHA-1 is the standard's)


def _use_app_code(factor: SecondFactor, code: str, now: datetime) -> bool:
    """One conditional UPDATE stores the code's step: a second request with the same code updates no row."""
    digits = "".join(code.split())
    current = int(now.timestamp()) // STEP
    for step in range(current - STEPS_OFF, current + STEPS_OFF + 1):
        try:
            _totp(factor).verify(digits.encode(), step * STEP)
        except (InvalidToken, CannotDecrypt):
            continue
        fresh = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
        return bool(fresh.update(last_step=step, wrong_codes=0))
    return False


def _use_recovery_code(user: User, code: str) -> bool:
    used, _ = RecoveryCode.objects.filter(user=user, digest=_digest(code)).delete()
    if used:
        SecondFactor.objects.filter(user=user).update(wrong_codes=0)
        record_about_person("person.recovery_code_used", user=user)
        tell_owner(user, "recovery_code_used")
    return bool(used)


def _make_recovery_codes(user: User) -> list[str]:
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(code)) for code in codes)
    return codes


def _new_recovery_code() -> str:
    """A plain hash is enough for 80 random bits."""
    text = b32encode(secrets.token_bytes(10)).decode()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def _digest(code: str) -> str:
    return sha256("".join(filter(str.isalnum, code)).upper().encode()).hexdigest()
