"""Accounts, people and memberships for our operators. Signing in is the product's own (config/admin.py)."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Permission
from django.db.models import ManyToManyField, Q, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest

from accounts.models import Account, Membership, User
from accounts.roles import PERMISSIONS


class MembershipInline(admin.TabularInline):
    model = Membership
    fields = ["user", "name", "role"]
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "s3_csv_telemetry", "created_at"]
    list_editable = ["s3_csv_telemetry"]
    list_filter = ["s3_csv_telemetry"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [MembershipInline]


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]


class ChangeUserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Django's own, for people known by e-mail address."""

    form = ChangeUserForm
    add_form = UserCreationForm
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "created_at"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        (
            "Administration",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("Dates", {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    """Here an operator grants a member one permission beyond the role."""

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
