from django.apps import AppConfig


class StandbyConfig(AppConfig):
    name = "standby"
    default_auto_field = "django.db.models.BigAutoField"
