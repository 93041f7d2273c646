from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """Django admin, whose sign-in is the product's own."""

    default_site = "config.admin.Site"
