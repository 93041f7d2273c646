from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "telemetry"

    def ready(self) -> None:
        from telemetry import exact  # noqa: F401 - gives every SQLite connection the exact sum
        from telemetry.wizard import retention  # noqa: F401 - says which drafts are kept
