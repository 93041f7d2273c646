from allauth.socialaccount.apps import SocialAccountConfig
from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """Django admin, whose sign-in is the product's own.

    `config.urls` finds the models' admin classes: commands and workers have no use for them and their forms.
    """

    default_site = "config.admin.Site"


class SingleSignOnConfig(SocialAccountConfig):
    """django-allauth's. `config.urls` loads its providers, for the same reason."""

    def ready(self) -> None:
        from allauth.socialaccount import checks  # noqa: F401 - registers them


class ChecksConfig(AppConfig):
    """An app that registers the system checks."""

    name = "config"

    def ready(self) -> None:
        import config.checks
        import config.deploy_checks  # noqa: F401 - registers them
