from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from accounts.addresses import InvalidAddress, normalise
from accounts.models import Account, User
from accounts.roles import ADMIN, MANAGER, VIEWER
from accounts.selectors import find_member

ROLE_CHOICES = [
    (VIEWER, "Viewer: sees endpoints and telemetries"),
    (MANAGER, "Manager: also creates, edits, deactivates and syncs telemetries"),
    (ADMIN, "Admin: also manages endpoints and members"),
]


class AddressField(forms.EmailField):
    """An e-mail address; the cleaned value is its normal form."""

    def clean(self, value: str | None) -> str:
        typed = self.to_python(value)
        self.validate(typed)
        if not typed:
            return typed
        try:
            normal = normalise(typed)
        except InvalidAddress:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        # The local part as it was typed: `groß` must not be taken for somebody else's `gross`.
        self.run_validators(typed.rpartition("@")[0] + "@" + normal.rpartition("@")[2])
        return normal


class SignInForm(AuthenticationForm):
    """The same error whether the address, the password or both are wrong."""

    error_messages = {
        "invalid_login": "Incorrect e-mail address or password. Check both and try again.",
        "inactive": "Incorrect e-mail address or password. Check both and try again.",
    }

    username = AddressField(
        label="Email",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter an e-mail address in the form name@example.com.",
        },
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )


class ResetForm(forms.Form):
    email = AddressField(
        label="Email",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter an e-mail address in the form name@example.com.",
        },
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
        error_messages={"required": "Enter the code."},
    )


class ConfirmPasswordForm(forms.Form):
    """Asks the signed-in person for their password again."""

    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        if not self.user.check_password(self.cleaned_data["password"]):
            raise ValidationError("Incorrect password.")
        return self.cleaned_data["password"]


class RoleField(forms.ChoiceField):
    widget = forms.RadioSelect

    def __init__(self) -> None:
        super().__init__(
            label="Role",
            choices=ROLE_CHOICES,
            error_messages={"required": "Choose a role.", "invalid_choice": "Choose one of the roles."},
        )


class MemberForm(forms.Form):
    """Whom to invite to the account, in which role."""

    email = AddressField(
        label="Email",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Enter the person's e-mail address.",
            "invalid": "Enter an e-mail address in the form name@example.com.",
        },
    )
    name = forms.CharField(label="Name", max_length=200, required=False)
    role = RoleField()

    def __init__(self, *args: object, account: Account, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if find_member(account=self.account, email=email):
            raise ValidationError(f"{email} is already a member. Change the role in the list of members.")
        return email


class RoleForm(forms.Form):
    role = RoleField()
