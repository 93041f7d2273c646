from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """Django admin, whose sign-in is the product's own. `config.urls` finds the models' admin classes: commands
    and workers have no use for them, nor for the forms that they import.
    """

    default_site = "config.admin.Site"
