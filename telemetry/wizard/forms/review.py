from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms

from csvfiles.header_rows import REPEATED
from csvfiles.mapping import Mapping
from csvfiles.trial import MappingTrial, try_mapping
from telemetry.forms import RejectedShareField
from telemetry.models import Telemetry
from telemetry.wizard.forms.base import StepForm


class ReviewForm(StepForm):
    overlap = forms.ChoiceField(
        label="When two files hold the same date and dimensions",
        choices=Telemetry.Overlap.choices,
        widget=forms.RadioSelect,
        initial=Telemetry.Overlap.NEWEST,
    )
    max_rejected_percent = RejectedShareField()

    def to_answer(self) -> dict[str, Any]:
        share = self.cleaned_data["max_rejected_percent"]
        return {**self.cleaned_data, "max_rejected_percent": "" if share is None else str(share)}

    @cached_property
    def trial(self) -> MappingTrial:
        """What the sync would make of the sampled rows, those of the wrong width among them."""
        mapping = Mapping(
            date_column=self.state.get("date", "date_column"),
            date_format=self.state.get("date", "date_format"),
            dimensions=tuple(self.state.get("dimensions", "dimensions")),
            metric_column=self.state.get("metric", "metric_column"),
        )
        sample = self.state.sample
        if not set(mapping.columns) <= set(sample.names):
            return MappingTrial(0, 0, {})
        trial = try_mapping((row.cells for row in sample.rows), mapping)
        left_out = {
            "the row has more or fewer cells than the header": sample.ragged,
            REPEATED: sample.headers,
        }
        reasons = trial.reasons | {reason: rows for reason, rows in left_out.items() if rows}
        return MappingTrial(trial.accepted, trial.total + sum(left_out.values()), reasons)

    @property
    def has_rules(self) -> bool:
        """Whether what Advanced asks for was answered otherwise than it is for most, or wrongly."""
        answers = (self["overlap"].value(), self["max_rejected_percent"].value() or "")
        wrong = "overlap" in self.errors or "max_rejected_percent" in self.errors
        return wrong or answers != (Telemetry.Overlap.NEWEST, "")

    @property
    def rejected(self) -> int:
        return self.trial.total - self.trial.accepted

    @property
    def sections(self) -> list[dict[str, Any]]:
        """The answers as summary lists: {"step", "title", "rows"} each."""
        endpoint, get = self.state.endpoint, self.state.get
        prefix = f"s3://{endpoint.bucket}/{endpoint.full_prefix(get('source', 'prefix'))}"
        dimensions = ", ".join(get("dimensions", "dimensions")) or "None: one value a day"
        metric = get("metric", "metric_column")
        return [
            _section(
                "source",
                "Source",
                ("S3 endpoint", endpoint.name),
                ("Prefix", get("source", "prefix")),
                ("Whole prefix", prefix),
                ("Telemetry name", get("source", "name")),
            ),
            _section(
                "date",
                "Date",
                ("Date column", get("date", "date_column")),
                ("Date format", get("date", "date_format")),
                *([("In a date", "The month comes first")] if get("date", "date_order") else []),
            ),
            _section("dimensions", "Dimensions", ("Dimensions", dimensions)),
            _section("metric", "Metric", ("Metric column", metric), ("Identifier", metric)),
        ]


def _section(step: str, title: str, *rows: tuple[str, str]) -> dict[str, Any]:
    return {
        "step": step,
        "title": title,
        "rows": [{"label": label, "value": value} for label, value in rows],
    }
