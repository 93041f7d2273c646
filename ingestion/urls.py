from django.urls import path

from ingestion.views import files, runs, syncing

# Included below the address of each kind's sources, which says the `kind` (config/urls.py).
app_name = "ingestion"
urlpatterns = [
    path("<uuid:source_id>/sync/", syncing.sync, name="sync"),
    path("<uuid:source_id>/activate/", syncing.resume, name="activate"),
    path("<uuid:source_id>/deactivate/", syncing.stop, name="deactivate"),
    path("<uuid:source_id>/again/", syncing.read_again, name="again"),
    path("<uuid:source_id>/reimport/", syncing.reimport, name="reimport"),
    path("<uuid:source_id>/rejected-rows.csv", runs.current_rejects_csv, name="current_rejects_csv"),
    path("<uuid:source_id>/files/", files.files, name="files"),
    path("<uuid:source_id>/runs/", runs.runs, name="runs"),
    path("<uuid:source_id>/runs/<uuid:run_id>/", runs.run, name="run"),
    path("<uuid:source_id>/runs/<uuid:run_id>/rejected-rows.csv", runs.rejects_csv, name="rejects_csv"),
]
