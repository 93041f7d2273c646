from django.urls import path

from accounts import (
    audit_views,
    invitation_views,
    member_views,
    reset_views,
    second_factor_views,
    session_views,
    views,
)

app_name = "accounts"
urlpatterns = [
    path("accounts/login/", views.SignIn.as_view(), name="login"),
    path("accounts/login/code/", views.ask_for_code, name="sign-in-code"),
    path("accounts/sso/", views.sso_start, name="sso"),
    path("accounts/sso/callback/", views.sso_callback, name="sso-callback"),
    path("accounts/logout/", views.SignOut.as_view(), name="logout"),
    path("accounts/password/", views.ChangePassword.as_view(), name="password"),
    path("accounts/password/reset/", reset_views.ask_for_link, name="password-reset"),
    path(
        "accounts/password/reset/<uidb64>/<token>/", reset_views.UseLink.as_view(), name="password-reset-link"
    ),
    path("accounts/second-factor/", second_factor_views.show, name="second-factor"),
    path("accounts/second-factor/set-up/", second_factor_views.set_up, name="second-factor-set-up"),
    path("accounts/second-factor/codes/", second_factor_views.renew_codes, name="recovery-codes"),
    path("accounts/second-factor/off/", second_factor_views.turn_off, name="second-factor-off"),
    path("accounts/sessions/", session_views.show_sessions, name="sessions"),
    path("accounts/sessions/others/", session_views.end_others, name="sessions-end-others"),
    path("accounts/sessions/<uuid:session_id>/", session_views.end, name="session-end"),
    path("accounts/invitations/", invitation_views.show_invitations, name="invitations"),
    path("accounts/invitations/<uuid:invitation_id>/", invitation_views.answer, name="invitation-answer"),
    path("accounts/invitation/", invitation_views.show_invitation, name="invitation"),
    path("accounts/invitation/<str:token>/", invitation_views.follow_link, name="invitation-link"),
    path("accounts/switch/", views.switch, name="switch"),
    path("settings/members/", member_views.show_members, name="members"),
    path("settings/members/second-factor/", member_views.require_factor, name="second-factor-required"),
    path("settings/members/add/", member_views.add, name="member-add"),
    path(
        "settings/members/invitations/<uuid:invitation_id>/send/",
        member_views.send_invitation_again,
        name="invitation-send",
    ),
    path(
        "settings/members/invitations/<uuid:invitation_id>/withdraw/",
        member_views.withdraw_invitation,
        name="invitation-withdraw",
    ),
    path("settings/members/<uuid:member_id>/", member_views.edit, name="member"),
    path("settings/members/<uuid:member_id>/remove/", member_views.remove, name="member-remove"),
    path("settings/audit/", audit_views.show_log, name="audit"),
    path("settings/audit/csv/", audit_views.download, name="audit-csv"),
]
