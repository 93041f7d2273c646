"""Single sign-on by OpenID Connect. django-allauth speaks the protocol: discovery, state, PKCE, the code.

Stricter than allauth: the ID token's signature is always checked, `nonce` binds it to this sign-in, the
issuer must be the configured one, and user info must have the same subject. Of the provider's data only the
subject is stored. Who may sign in is decided by `accounts.identities`.
"""

from __future__ import annotations

from typing import Any, NoReturn

import jwt
import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac
from requests import RequestException

from accounts.identities import SignInRefused, find_or_link
from accounts.signing_in import begin_sign_in

log = structlog.get_logger(__name__)
PROVIDER = "oidc"
NEXT = "sso_next"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]  # none with a shared secret
CLAIMS = ["iss", "sub", "aud", "exp", "iat", "nonce"]
LEEWAY = 60  # seconds of clock drift
TIMEOUT = 10  # seconds
NO_ANSWER = "The provider does not answer as it should. Try again in a minute."
NOT_CONFIRMED = "The provider did not confirm who you are. Begin again on the sign-in page."


def is_enabled() -> bool:
    return bool(settings.OIDC_SERVER_URL)


def start(request: HttpRequest, *, next_url: str) -> HttpResponse:
    """Redirect to the provider. Query parameters of the request are ignored, except `next`."""
    adapter = Protocol(request, PROVIDER)
    provider: OpenIDConnectProvider = adapter.get_provider()
    provider.oauth2_adapter_class = Protocol
    state = get_random_string(32)
    request.session[NEXT] = next_url
    try:
        return provider.redirect(
            request, process="login", state_id=state, auth_params={"nonce": _make_nonce(state)}
        )
    except (RequestException, KeyError) as error:
        return _show_problem(request, NO_ANSWER, error)


def finish(request: HttpRequest) -> HttpResponse:
    """The callback: the provider returns a code, or an error."""
    try:
        return OAuth2CallbackView.adapter_view(Protocol(request, PROVIDER))(request)
    except (RequestException, KeyError) as error:
        return _show_problem(request, NO_ANSWER, error)


class Protocol(OpenIDConnectOAuth2Adapter):
    """allauth's, up to the ID token."""

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("accounts:sso-callback"))

    @property
    def openid_config(self) -> dict[str, Any]:
        config = super().openid_config
        if config["issuer"].rstrip("/") != settings.OIDC_SERVER_URL.rstrip("/"):
            raise RequestException(
                f"the issuer calls itself {config['issuer']!r}: set OIDC_SERVER_URL to that"
            )
        return config

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> NoReturn:
        """Ends allauth's flow here: it would store the provider's data."""
        claims = self._read_claims(app, token, kwargs["response"].get("id_token", ""))
        raise ImmediateHttpResponse(_sign_in(request, claims))

    def _read_claims(self, app: SocialApp, token: SocialToken, id_token: str) -> dict[str, Any]:
        claims = self._verify(app, id_token)
        expected = _make_nonce(self.request.GET.get("state", ""))
        if not constant_time_compare(str(claims["nonce"]), expected):
            raise OAuth2Error("the ID token is not of this sign-in")
        if "email" not in claims:
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims["sub"]:
                raise OAuth2Error("the user info is of somebody else")
            claims = {**more, **claims}
        return claims

    def _verify(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            keys = jwt.PyJWKClient(self.openid_config["jwks_uri"], timeout=TIMEOUT)
            return jwt.decode(
                id_token,
                keys.get_signing_key_from_jwt(id_token),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=LEEWAY,
                options={"require": CLAIMS},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"the ID token is invalid: {error}") from error


class Errors(DefaultSocialAccountAdapter):
    """Our error page instead of allauth's; and no sign-up through allauth."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return False

    def on_authentication_error(
        self, request: HttpRequest, provider: object, exception: Exception | None = None, **_more: Any
    ) -> NoReturn:
        raise ImmediateHttpResponse(_show_problem(request, NOT_CONFIRMED, exception))


def _sign_in(request: HttpRequest, claims: dict[str, Any]) -> HttpResponse:
    try:
        user = find_or_link(claims=claims)
    except SignInRefused as error:
        return _show_problem(request, str(error), error, status=403)
    next_url = request.session.pop(NEXT, "")
    is_in = begin_sign_in(request, user=user, next_url=next_url, method="single_sign_on", now=timezone.now())
    return redirect(next_url or settings.LOGIN_REDIRECT_URL) if is_in else redirect("accounts:sign-in-code")


def _make_nonce(state: str) -> str:
    """Derived from the state, which is in the session and works once: it binds the ID token to both."""
    return salted_hmac("accounts.sso.nonce", state, algorithm="sha256").hexdigest()


def _show_problem(
    request: HttpRequest, text: str, error: Exception | None, *, status: int = 401
) -> HttpResponse:
    log.warning("single sign-on failed", reason=str(error or request.GET.get("error", "no state")))
    context = {"problem": text, "name": settings.OIDC_NAME, "contact": settings.SUPPORT_CONTACT}
    return render(request, "accounts/sso_problem.html", context, status=status)
