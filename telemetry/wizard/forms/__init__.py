"""A form a step: it offers what the sample holds, and refuses what the sync could not use."""

from telemetry.wizard.forms.base import StepForm
from telemetry.wizard.forms.columns import DimensionsForm, MetricForm
from telemetry.wizard.forms.date import DateForm
from telemetry.wizard.forms.preview import PreviewForm
from telemetry.wizard.forms.review import ReviewForm
from telemetry.wizard.forms.source import SourceForm

__all__ = [
    "DateForm",
    "DimensionsForm",
    "MetricForm",
    "PreviewForm",
    "ReviewForm",
    "SourceForm",
    "StepForm",
]
