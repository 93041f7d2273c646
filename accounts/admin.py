"""Accounts, people and memberships for our operators. Signing in is the product's own (config/admin.py)."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ManyToManyField, Q, QuerySet
from django.forms import ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse

from accounts.journal import record_about_person
from accounts.models import Account, Identity, Membership, User
from accounts.notices import tell_owner
from accounts.proof import has_verified_address, is_unclaimed
from accounts.roles import PERMISSIONS
from accounts.services import deactivate
from audit.admin import AuditedAdmin
from audit.services import record
from audit.snapshots import Values


class MembershipForm(ModelForm):
    """Refuses people with unverified addresses, which may be somebody else's: they are invited instead."""

    def clean_user(self) -> User:
        user = self.cleaned_data["user"]
        if self.instance.user_id != user.pk and not has_verified_address(user) and not is_unclaimed(user):
            raise ValidationError(
                f"{user} has not verified their address. Invite them under Settings > Members, or "
                "add them with a new password: manage.py add_user --password-stdin."
            )
        return user


class MembershipInline(admin.TabularInline):
    model = Membership
    form = MembershipForm
    fields = ["user", "name", "role"]
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Account)
class AccountAdmin(AuditedAdmin):
    list_display = ["name", "slug", "s3_csv_telemetry", "second_factor_required", "created_at"]
    list_editable = ["s3_csv_telemetry"]
    list_filter = ["s3_csv_telemetry"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [MembershipInline]

    def record(self, what: str, obj: Account | Membership, **values: Values) -> None:
        account = obj if isinstance(obj, Account) else obj.account
        record(f"{obj.audit_kind}.{what}", account=account, target=obj, **values)


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]


class ChangeUserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(AuditedAdmin, DjangoUserAdmin):
    """Django's own, for people known by e-mail address."""

    form = ChangeUserForm
    add_form = UserCreationForm
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "created_at", "address_verified_at"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        (
            "Administration",
            {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]},
        ),
        ("Dates", {"fields": ["last_login", "created_at", "address_verified_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    filter_horizontal = ["user_permissions"]

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if change and "email" in form.changed_data:  # the new one is not verified
            obj.address_verified_at = None
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            deactivate(user=obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """For superusers alone: otherwise staff could become one by changing a superuser's password."""
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        if request.resolver_match.url_name != "auth_user_password_change":
            return super().log_change(request, obj, message)
        record_about_person("person.password_changed", user=obj)
        tell_owner(obj, "password")
        return DjangoUserAdmin.log_change(self, request, obj, message)

    def record(self, what: str, obj: User, **values: Values) -> None:
        record_about_person(f"{obj.audit_kind}.{what}", user=obj, **values)


@admin.register(Identity)
class IdentityAdmin(AuditedAdmin):
    """Identities at the single sign-on provider. Once one is removed, the address can be linked again."""

    list_display = ["user", "issuer", "created_at"]
    list_select_related = ["user"]
    search_fields = ["user__email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def record(self, what: str, obj: Identity, **values: Values) -> None:
        record_about_person(f"{obj.audit_kind}.{what}", user=obj.user, **values)


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin):
    """Operators can grant a member single permissions beyond the role."""

    form = MembershipForm
    list_display = ["user", "account", "role", "created_at"]
    list_filter = ["role", "account"]
    list_select_related = ["user", "account"]
    search_fields = ["user__email", "name", "account__name", "account__slug"]
    autocomplete_fields = ["account", "user"]
    filter_horizontal = ["permissions"]
    readonly_fields = ["created_at"]

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: object
    ) -> ModelMultipleChoiceField:
        if db_field.name == "permissions":
            kwargs["queryset"] = _list_product_permissions()
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def _list_product_permissions() -> QuerySet[Permission]:
    wanted = [
        Q(content_type__app_label=app, codename=codename)
        for app, codename in (permission.split(".") for permission in PERMISSIONS)
    ]
    return Permission.objects.filter(reduce(or_, wanted)).select_related("content_type")
