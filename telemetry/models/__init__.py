from telemetry.models.drafts import TelemetryDraft
from telemetry.models.points import DailyTotal, DataPoint, PointBlock, Series
from telemetry.models.telemetries import KIND, Dimension, MappingChange, Overlap, Telemetry

__all__ = [
    "KIND",
    "DailyTotal",
    "DataPoint",
    "Dimension",
    "MappingChange",
    "Overlap",
    "PointBlock",
    "Series",
    "Telemetry",
    "TelemetryDraft",
]
