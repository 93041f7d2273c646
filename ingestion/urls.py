from django.urls import path

from ingestion import previews, views

app_name = "ingestion"
urlpatterns = [
    path("<uuid:telemetry_id>/sync/", views.sync, name="sync"),
    path("<uuid:telemetry_id>/activate/", views.activate, name="activate"),
    path("<uuid:telemetry_id>/deactivate/", views.deactivate, name="deactivate"),
    path("<uuid:telemetry_id>/again/", previews.read_again, name="again"),
    path("<uuid:telemetry_id>/reimport/", previews.reimport, name="reimport"),
    path("<uuid:telemetry_id>/change/", previews.change, name="change"),
    path("<uuid:telemetry_id>/rejected-rows.csv", views.current_rejects_csv, name="current_rejects_csv"),
    path("<uuid:telemetry_id>/runs/", views.runs, name="runs"),
    path("<uuid:telemetry_id>/runs/<uuid:run_id>/", views.run, name="run"),
    path("<uuid:telemetry_id>/runs/<uuid:run_id>/apply/", previews.apply, name="apply"),
    path("<uuid:telemetry_id>/runs/<uuid:run_id>/rejected-rows.csv", views.rejects_csv, name="rejects_csv"),
]
