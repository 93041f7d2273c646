"""Below settings/telemetry/add/, in the namespace of telemetry.urls."""

from django.urls import path

from telemetry.wizard import views

urlpatterns = [
    path("", views.add, name="add"),
    path("<uuid:draft_id>/", views.resume, name="draft"),
    path("<uuid:draft_id>/discard/", views.discard, name="discard_draft"),
    path("<uuid:draft_id>/<slug:step>/", views.step, name="step"),
]
