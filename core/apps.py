from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import exact_sum  # noqa: F401 - gives every SQLite connection the exact sum
