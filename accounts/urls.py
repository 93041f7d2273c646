from django.urls import path

from accounts.views import audit, home, invitations, members, resets, second_factor, sessions

app_name = "accounts"
urlpatterns = [
    path("accounts/login/", home.SignIn.as_view(), name="login"),
    path("accounts/login/code/", home.ask_for_code, name="sign-in-code"),
    path("accounts/sso/", home.sso_start, name="sso"),
    path("accounts/sso/callback/", home.sso_callback, name="sso-callback"),
    path("accounts/logout/", home.SignOut.as_view(), name="logout"),
    path("accounts/password/", home.ChangePassword.as_view(), name="password"),
    path("accounts/password/reset/", resets.ask_for_link, name="password-reset"),
    path("accounts/password/reset/<uidb64>/<token>/", resets.UseLink.as_view(), name="password-reset-link"),
    path("accounts/second-factor/", second_factor.show, name="second-factor"),
    path("accounts/second-factor/set-up/", second_factor.set_up, name="second-factor-set-up"),
    path("accounts/second-factor/codes/", second_factor.renew_codes, name="recovery-codes"),
    path("accounts/second-factor/off/", second_factor.turn_off, name="second-factor-off"),
    path("accounts/sessions/", sessions.show_sessions, name="sessions"),
    path("accounts/sessions/others/", sessions.end_others, name="sessions-end-others"),
    path("accounts/sessions/<uuid:session_id>/", sessions.end, name="session-end"),
    path("accounts/invitations/", invitations.show_invitations, name="invitations"),
    path("accounts/invitations/<uuid:invitation_id>/", invitations.answer, name="invitation-answer"),
    path("accounts/invitation/", invitations.show_invitation, name="invitation"),
    path("accounts/invitation/<str:token>/", invitations.follow_link, name="invitation-link"),
    path("accounts/switch/", home.switch, name="switch"),
    path("settings/members/", members.show_members, name="members"),
    path("settings/members/second-factor/", members.require_factor, name="second-factor-required"),
    path("settings/members/add/", members.add, name="member-add"),
    path(
        "settings/members/invitations/<uuid:invitation_id>/send/",
        members.send_invitation_again,
        name="invitation-send",
    ),
    path(
        "settings/members/invitations/<uuid:invitation_id>/withdraw/",
        members.withdraw_invitation,
        name="invitation-withdraw",
    ),
    path("settings/members/<uuid:member_id>/", members.edit, name="member"),
    path("settings/members/<uuid:member_id>/remove/", members.remove, name="member-remove"),
    path("settings/audit/", audit.show_log, name="audit"),
    path("settings/audit/csv/", audit.download, name="audit-csv"),
]
