from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "telemetry"

    def ready(self) -> None:
        from ingestion.datasets import register
        from telemetry.models import KIND
        from telemetry.wizard import retention  # noqa: F401 - says which drafts are kept

        register(KIND, "telemetry.dataset.TelemetryDataset")
