from django.urls import path

from endpoints import check_views, views

app_name = "endpoints"
urlpatterns = [
    path("", views.show_list, name="list"),
    path("add/", views.add, name="add"),
    path("add/check/", check_views.check_unsaved, name="add_check"),
    path("<uuid:endpoint_id>/", views.show, name="detail"),
    path("<uuid:endpoint_id>/edit/", views.edit, name="edit"),
    path("<uuid:endpoint_id>/edit/check/", check_views.check_change, name="edit_check"),
    path("<uuid:endpoint_id>/test/", views.test, name="test"),
    path("<uuid:endpoint_id>/check/", check_views.check, name="check"),
    path("<uuid:endpoint_id>/delete/", views.delete, name="delete"),
]
