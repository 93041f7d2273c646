from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """Django admin, whose sign-in is the product's own.

    `config.urls` finds the models' admin classes: commands and workers have no use for them and their forms.
    """

    default_site = "config.admin.Site"


class HouseConfig(AppConfig):
    """What puts the parts together; an app for the sake of its checks."""

    name = "config"

    def ready(self) -> None:
        import config.checks  # noqa: F401 - registers them
