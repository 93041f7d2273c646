from allauth.socialaccount.providers import registry as sign_on_providers
from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config import style, views

admin.autodiscover()
sign_on_providers.load()

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("", include("accounts.urls")),
    path("settings/endpoints/", include("endpoints.urls")),
    path("settings/telemetry/", include("telemetry.urls")),
    path("settings/telemetry/", include("ingestion.urls"), {"kind": "telemetry"}),
    path("admin/", admin.site.urls),
]
if settings.DEBUG:
    urlpatterns += [path("style/", style.show_style, name="style")]
handler400 = "config.views.bad_request"
