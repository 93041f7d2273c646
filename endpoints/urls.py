from django.urls import path

from endpoints.views import checks, pages

app_name = "endpoints"
urlpatterns = [
    path("", pages.show_list, name="list"),
    path("add/", pages.add, name="add"),
    path("add/check/", checks.check_unsaved, name="add_check"),
    path("<uuid:endpoint_id>/", pages.show, name="detail"),
    path("<uuid:endpoint_id>/edit/", pages.edit, name="edit"),
    path("<uuid:endpoint_id>/edit/check/", checks.check_change, name="edit_check"),
    path("<uuid:endpoint_id>/test/", pages.test, name="test"),
    path("<uuid:endpoint_id>/check/", checks.check, name="check"),
    path("<uuid:endpoint_id>/delete/", pages.delete, name="delete"),
]
