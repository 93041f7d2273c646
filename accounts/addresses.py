"""The one normal form of an e-mail address: what is stored, compared and counted, however it was typed.

`BOSS@Example.COM`, ` boss@example.com` and `boss` with the long s of U+017F are one person. The part before
the @ is folded as Unicode folds case (NFKC, casefold). The domain is what the DNS is asked for (IDNA 2008,
with the mapping of UTS 46): `faß.example` and `fass.example` stay two. The result is ASCII without capitals.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import idna
from django.core.exceptions import ValidationError
from django.db import models

MAX_LENGTH, MAX_LOCAL_PART = 254, 64  # RFC 5321, 4.5.3.1
MAX_TYPED_LENGTH = 1_000  # longer texts are refused before folding, which takes time
NORMAL = r"^[!-@[-~]+$"  # printable ASCII without capitals, as the database holds it
LOCAL_PART = re.compile(r"[!-?[-~]+")  # no capitals, no spaces, no second @
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
LITERAL = re.compile(r"\[[0-9a-f.:]+\]|\[ipv6:[0-9a-f.:]+\]")  # [192.0.2.1]


class InvalidAddress(ValueError):
    """The text is not an e-mail address, or has no normal form."""


def normalise(text: str) -> str:
    """The normal form of the address. Raises InvalidAddress."""
    if len(text) > MAX_TYPED_LENGTH:
        raise InvalidAddress("The address is too long")
    typed, _, typed_domain = text.strip().rpartition("@")
    local, domain = _fold(typed), _normalise_domain(typed_domain)
    if not LOCAL_PART.fullmatch(local):
        raise InvalidAddress(f"{text!r} is not an e-mail address")
    if len(local) > MAX_LOCAL_PART or len(local) + 1 + len(domain) > MAX_LENGTH:
        raise InvalidAddress("The address is too long")
    return f"{local}@{domain}"


def normalise_if_valid(text: str) -> str:
    """The normal form, or the text itself where it has none; that matches no address."""
    try:
        return normalise(text)
    except InvalidAddress:
        return text.strip()


def normalise_domain(text: str) -> str:
    """The normal form of a domain, or the text in lower case where it has none."""
    try:
        return _normalise_domain(text.strip())
    except InvalidAddress:
        return text.strip().lower()


def has_ascii_local_part(text: str) -> bool:
    """Whether the local part is ASCII as typed, so that the mailbox is unambiguous.

    A server may have `groß` and `gross` as two mailboxes. Counting both as one is safe; signing the owner of
    one in as the other is not.
    """
    return text.strip().rpartition("@")[0].isascii()


def validate_address(text: str) -> None:
    """Raises ValidationError with Django's own message."""
    try:
        normalise(text)
    except InvalidAddress:
        raise ValidationError("Enter a valid email address.", code="invalid") from None


class AddressField(models.EmailField):
    """An e-mail address, stored and compared in its normal form."""

    default_validators = [*models.EmailField.default_validators, validate_address]

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalise_if_valid(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return normalise_if_valid(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


def _fold(text: str) -> str:
    """Repeated until nothing changes: NFKC after casefold may fold once more (Unicode, 3.13)."""
    while (folded := unicodedata.normalize("NFKC", text).casefold()) != text:
        text = folded
    return text


def _normalise_domain(text: str) -> str:
    domain = text.lower()
    if LITERAL.fullmatch(domain):
        return domain
    if not text.isascii() or "xn--" in domain:
        domain = _to_dns(text)
    if not all(LABEL.fullmatch(label) for label in domain.split(".")):
        raise InvalidAddress(f"{text!r} is not a domain")
    return domain


def _to_dns(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise InvalidAddress(f"{domain!r} is not a domain") from None
