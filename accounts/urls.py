from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts import member_views, views

app_name = "accounts"
urlpatterns = [
    path("accounts/login/", views.SignIn.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/password/", views.ChangePassword.as_view(), name="password"),
    path("accounts/switch/", views.switch, name="switch"),
    path("settings/members/", member_views.show_members, name="members"),
    path("settings/members/add/", member_views.add, name="member-add"),
    path("settings/members/<uuid:member_id>/", member_views.edit, name="member"),
    path("settings/members/<uuid:member_id>/remove/", member_views.remove, name="member-remove"),
]
