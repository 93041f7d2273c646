from datetime import date

from django.urls import path, register_converter

from telemetry.views import changes, days, detail, downloads, mapping, table, wizard


class DayConverter:
    """A calendar date, yyyy-MM-dd; anything else is no address of ours."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(DayConverter, "day")

app_name = "telemetry"
urlpatterns = [
    path("", table.table, name="list"),
    path("add/", wizard.add, name="add"),
    path("add/<uuid:draft_id>/", wizard.resume, name="draft"),
    path("add/<uuid:draft_id>/discard/", wizard.discard, name="discard_draft"),
    path("add/<uuid:draft_id>/<slug:step>/", wizard.step, name="step"),
    path("<uuid:telemetry_id>/", detail.detail, name="detail"),
    path("<uuid:telemetry_id>/edit/", changes.edit, name="edit"),
    path("<uuid:telemetry_id>/delete/", changes.delete, name="delete"),
    path("<uuid:telemetry_id>/days/<day:day>/", days.day, name="day"),
    path("<uuid:telemetry_id>/configuration/", detail.configuration, name="configuration"),
    path("<uuid:telemetry_id>/change/", mapping.change, name="change"),
    path("<uuid:telemetry_id>/runs/<uuid:run_id>/apply/", mapping.apply, name="apply"),
    path("<uuid:telemetry_id>/totals.csv", downloads.totals_csv, name="totals_csv"),
    path("<uuid:telemetry_id>/points.csv", downloads.points_csv, name="points_csv"),
]
