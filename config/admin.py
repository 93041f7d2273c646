from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse


class Site(admin.AdminSite):
    """Django admin behind the product's own sign-in page, so that there is one door to guard."""

    site_header = site_title = "Denominator administration"

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        if request.user.is_authenticated:  # signed in, but no staff: the same answer as for no such page
            raise Http404
        return redirect_to_login(request.get_full_path())
