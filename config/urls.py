from django.contrib import admin
from django.urls import include, path

from config import views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("", include("accounts.urls")),
    path("settings/endpoints/", include("endpoints.urls")),
    path("settings/telemetry/", include("telemetry.urls")),
    path("settings/telemetry/", include("ingestion.urls")),
    path("admin/", admin.site.urls),
]
