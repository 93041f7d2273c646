"""Every setting of Denominator, read from the environment by a typed reader.

`.env.example` lists the variables with their meaning; a missing or malformed one stops the process with
its name. A file `.env` beside manage.py is read when it exists; the environment wins over it.
"""

from __future__ import annotations

import os
import re
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.logs import logging_config

# A worker's second core is another worker's; a pool of threads costs a file of a day's rows a tenth more.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent


YES, NO = {"1", "y", "yes", "true", "on", "ok"}, {"0", "n", "no", "false", "off", ""}


class Environment(environ.Env):
    """Readers that name the variable when its value is malformed."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} is malformed: {error}") from None

    def bool(self, var: str, default: Any = environ.Env.NOTSET) -> bool:
        """The library takes whatever it does not know for no: `DEBUG=yes please`, `SECURE_COOKIES=ja`."""
        text = self.str(var, default=str(default)).strip().lower()
        if text in YES or text in NO:
            return text in YES
        raise ImproperlyConfigured(f"{var} must be 1 or 0 (or yes, no, on, off, true, false), not {text!r}")


env = Environment()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))


def _time_of_day(name: str, default: str) -> time:
    """`HH:MM` in UTC."""
    text = env.str(name, default=default)
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} must be a time of day in UTC such as 02:00, not {text!r}"
        ) from None


def _site_url(name: str, default: Any) -> str:
    """Scheme and host, and a port where it is none of the scheme's own; without a slash at its end."""
    text = env.str(name, default=default).rstrip("/")
    pattern = r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?"
    if not re.fullmatch(pattern, text, re.IGNORECASE):
        raise ImproperlyConfigured(
            f"{name} must be a scheme and a host such as https://metrics.example.com, not {text!r}"
        )
    return text


def _networks(name: str) -> list[str]:
    """Addresses or networks, separated by commas."""
    found = env.list(name, default=[])
    for text in found:
        try:
            ip_network(text)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} must be IP addresses or networks such as 10.0.0.0/8, not {text!r}"
            ) from None
    return found


# --- the process -------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="development-only" if DEBUG else environ.Env.NOTSET)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = _site_url("SITE_URL", default="http://localhost:8000" if DEBUG else environ.Env.NOTSET)
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is empty")
LOGGING_CONFIG = None
logging_config(level=env.str("LOG_LEVEL", default="INFO"), as_json=env.bool("LOG_JSON", default=not DEBUG))

# --- the parts ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "accounts",  # before Django's own, so that its createsuperuser and changepassword are found first
    "config.apps.AdminConfig",
    "config.apps.HouseConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_filters",
    "django_htmx",
    "allauth.account",
    "config.apps.SingleSignOnConfig",
    "allauth.socialaccount.providers.openid_connect",
    "audit",
    "commandline",
    "standby",
    "endpoints",
    "csvfiles",
    "telemetry",
    "ingestion",
    "offboarding",
    "demo",
]
MIDDLEWARE = [
    "config.middleware.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.NoStoreMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.RequestLimitsMiddleware",
    "config.text.RequestTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.text.FormTextMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "audit.middleware.OriginMiddleware",
    "accounts.middleware.IdleSessionMiddleware",
    "accounts.middleware.ActiveAccountMiddleware",
    "accounts.middleware.PageMarkMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.LockOutMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.active_account",
            ],
            "builtins": ["accounts.templatetags.marks"],
        },
    },
]

# --- the database ------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'denominator.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    # Web, worker and scheduler share the file: WAL lets readers go on during a write, an immediate
    # transaction waits for its turn at BEGIN instead of failing half way with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Seconds until a server that is not there is an error; milliseconds until one that vanished is.
    DATABASES["default"].setdefault("OPTIONS", {}).update(connect_timeout=5, tcp_user_timeout=30_000)
# Of a web process; workers have TASK_TIME_LIMIT_SECONDS (config.database).
DATABASE_STATEMENT_SECONDS = env.int("DATABASE_STATEMENT_SECONDS", default=60)
DATABASE_IDLE_SECONDS = env.int("DATABASE_IDLE_SECONDS", default=60)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- cache, queue, schedule --------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
CACHE_URL = env.str("CACHE_URL", default=REDIS_URL)
# A page that asks Redis waits no longer than this, and then goes on without (docs/decisions/0030).
REDIS_TIMEOUT_SECONDS = env.int("REDIS_TIMEOUT_SECONDS", default=1)
CACHES = {
    "default": (
        {
            "BACKEND": "config.caches.OwnKeysCache",
            "LOCATION": CACHE_URL,
            "KEY_PREFIX": "cache",
            "OPTIONS": {"timeout_seconds": REDIS_TIMEOUT_SECONDS},
        }
        if CACHE_URL
        else {
            "BACKEND": "config.caches.FileBasedCache",
            "LOCATION": env.str("CACHE_DIR", default=str(VAR_DIR / "cache")),
            "OPTIONS": {"MAX_ENTRIES": 10_000},  # beyond it any of them may go, also one that holds a place
        }
    )
}
CELERY_APP = "config.celery.app"
CELERY_SENDER = "config.celery.sender"
QUEUE_DIR = Path(env.str("QUEUE_DIR", default=str(VAR_DIR / "queue")))
# A task is killed after so long. Redis gives one to another worker that is not done after the other time.
TASK_TIME_LIMIT_SECONDS = env.int("TASK_TIME_LIMIT_SECONDS", default=10_800)
TASK_VISIBILITY_TIMEOUT_SECONDS = env.int("TASK_VISIBILITY_TIMEOUT_SECONDS", default=14_400)
# Where Django admin's removal of an account has its export written, by a worker.
ACCOUNT_EXPORTS_DIR = Path(env.str("ACCOUNT_EXPORTS_DIR", default=str(VAR_DIR / "exports")))
DAILY_SYNC_TIME = _time_of_day("DAILY_SYNC_TIME", default="02:00")

# --- people ------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "accounts.backends.LockOutBackend",  # first: counts every try before a password is looked at
    "django.contrib.auth.backends.ModelBackend",
    "accounts.backends.MembershipBackend",
]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "telemetry:list"
LOGOUT_REDIRECT_URL = "accounts:login"
PASSWORD_RESET_TIMEOUT = 3600
# A session ends after this long without a request, and after that long whatever happens (seconds).
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=7_200)
SESSION_LIFETIME_SECONDS = env.int("SESSION_LIFETIME_SECONDS", default=604_800)
SESSION_COOKIE_AGE = SESSION_LIFETIME_SECONDS
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7)
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no third cookie

# --- guessing passwords (accounts/lockout.py) ----------------------------------------------------------
# A person and a network together: nobody can lock somebody else out from elsewhere.
SIGN_IN_ATTEMPTS = env.int("SIGN_IN_ATTEMPTS", default=5)
# A network, whoever it tries.
SIGN_IN_ATTEMPTS_PER_ADDRESS = env.int("SIGN_IN_ATTEMPTS_PER_ADDRESS", default=50)
SIGN_IN_LOCKED_MINUTES = env.int("SIGN_IN_LOCKED_MINUTES", default=15)
# Of one process; each takes 100 MB while it goes on.
PASSWORD_HASHES_AT_ONCE = env.int("PASSWORD_HASHES_AT_ONCE", default=2)

# --- single sign-on: django-allauth speaks OpenID Connect, and no more (accounts/sso.py) --------------
OIDC_NAME = env.str("OIDC_NAME", default="single sign-on")
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="")
OIDC_EMAIL_DOMAINS = env.list("OIDC_EMAIL_DOMAINS", default=[])
OIDC_SIGN_UP_ACCOUNT = env.str("OIDC_SIGN_UP_ACCOUNT", default="")
SOCIALACCOUNT_ADAPTER = "accounts.sso.Errors"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {}
if OIDC_SERVER_URL:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": env.str("OIDC_CLIENT_ID"),
                "secret": env.str("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_SERVER_URL},
            }
        ],
    }
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"

# Whom the page names when an account does not have the S3 CSV telemetry beta.
SUPPORT_CONTACT = env.str("SUPPORT_CONTACT", default="your Denominator administrator")

# --- Amazon Web Services -----------------------------------------------------------------------------
# Our own AWS account, which customers' roles trust. Credentials come from the AWS SDK's own variables.
AWS_ACCOUNT_ID = env.str("AWS_ACCOUNT_ID", default="")
if AWS_ACCOUNT_ID and not (
    AWS_ACCOUNT_ID.isascii() and AWS_ACCOUNT_ID.isdigit() and len(AWS_ACCOUNT_ID) == 12
):
    raise ImproperlyConfigured(
        f"AWS_ACCOUNT_ID must be the 12 digits of an AWS account, without hyphens, not {AWS_ACCOUNT_ID!r}"
    )
# What is otherwise refused (docs/decisions/0028): roles of that account, by ARN; endpoints whose role opens
# without its external ID, by external ID.
OWN_ROLES_ALLOWED = env.list("OWN_ROLES_ALLOWED", default=[])
UNSAFE_ENDPOINTS_ALLOWED = env.list("UNSAFE_ENDPOINTS_ALLOWED", default=[])
SUGGESTED_ROLE_NAME = env.str("SUGGESTED_ROLE_NAME", default="FinoutMetricsReadOnlyRole")
SUGGESTED_POLICY_NAME = env.str("SUGGESTED_POLICY_NAME", default="finout-access-policy_telemetry_export")

# --- syncing ------------------------------------------------------------------------------------------
# Who works on a run says so at least this often (seconds); after twice the time without a word another may.
RUN_HEARTBEAT_SECONDS = env.int("RUN_HEARTBEAT_SECONDS", default=15)
# How many other workers may read files of a run beside the one that carries it out.
RUN_HELPERS = env.int("RUN_HELPERS", default=3)
# After how long a run gives its worker to what waits, and waits for another turn (seconds).
RUN_TURN_SECONDS = env.int("RUN_TURN_SECONDS", default=3_600)
# After how long it does so where another account waits and holds fewer workers (seconds).
RUN_SHORT_TURN_SECONDS = env.int("RUN_SHORT_TURN_SECONDS", default=60)
RUN_MAX_ATTEMPTS = env.int("RUN_MAX_ATTEMPTS", default=5)

# --- limits for what a file may be -------------------------------------------------------------------
CSV_MAX_ROW_BYTES = env.int("CSV_MAX_ROW_BYTES", default=1_048_576)
CSV_MAX_COLUMNS = env.int("CSV_MAX_COLUMNS", default=2_000)
CSV_MAX_COMBINATIONS = env.int("CSV_MAX_COMBINATIONS", default=1_000_000)
CSV_MAX_DATES = env.int("CSV_MAX_DATES", default=36_525)
# Of a gzip file: what it may hold, and how many times its own size that may be.
CSV_MAX_UNPACKED_BYTES = env.int("CSV_MAX_UNPACKED_BYTES", default=200 * 2**30)
CSV_MAX_UNPACK_RATIO = env.int("CSV_MAX_UNPACK_RATIO", default=500)
# A dimension with more values on a date has no daily totals of its own; its charts read the points.
DAILY_TOTALS_MAX_VALUES = env.int("DAILY_TOTALS_MAX_VALUES", default=1_000)
MAX_REJECTED_ROWS_KEPT = env.int("MAX_REJECTED_ROWS_KEPT", default=10_000)

# --- limits for what people do at once (docs/decisions/0018) ---------------------------------------------
# Of one account: tests of endpoints, looks into a bucket in the wizard (each calls AWS), and downloads.
TESTS_AT_ONCE = env.int("TESTS_AT_ONCE", default=4)
PREVIEWS_AT_ONCE = env.int("PREVIEWS_AT_ONCE", default=8)
DOWNLOADS_AT_ONCE = env.int("DOWNLOADS_AT_ONCE", default=4)
# Of one web process, whoever asks; of one download (accounts.spool).
DOWNLOADS_OF_A_PROCESS = env.int("DOWNLOADS_OF_A_PROCESS", default=8)
DOWNLOAD_MAX_BYTES = env.int("DOWNLOAD_MAX_BYTES", default=2 * 2**30)
DOWNLOAD_SECONDS = env.int("DOWNLOAD_SECONDS", default=300)
DOWNLOADS_DIR = env.str("DOWNLOADS_DIR", default=str(VAR_DIR / "downloads"))
# Of one account: pages list them all to choose from.
MAX_ENDPOINTS = env.int("MAX_ENDPOINTS", default=500)
# Of one person in an account.
MAX_UNFINISHED_DRAFTS = env.int("MAX_UNFINISHED_DRAFTS", default=20)
DRAFT_DAYS = env.int("DRAFT_DAYS", default=30)

# --- the web -----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = False
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_HTTPONLY = True  # pages carry the token themselves
if SECURE_COOKIES:  # a browser takes such a name from this host alone, over HTTPS, for every path
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
if SECURE_COOKIES and not DEBUG and not SITE_URL.startswith("https://"):
    raise ImproperlyConfigured(
        f"SITE_URL must begin with https://, not {SITE_URL!r}: cookies go over HTTPS alone"
    )
if SECURE_COOKIES and OIDC_SERVER_URL and not OIDC_SERVER_URL.startswith("https://"):
    raise ImproperlyConfigured(f"OIDC_SERVER_URL must begin with https://, not {OIDC_SERVER_URL!r}")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE_COOKIES)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SECURE_COOKIES else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
TRUSTED_PROXIES = _networks("TRUSTED_PROXIES")
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("REQUEST_MAX_BYTES", default=1_048_576)
# How long a request may take to come in, and a piece of an answer to go out (config.web_worker).
REQUEST_SECONDS = env.int("REQUEST_SECONDS", default=20)
ANSWER_SECONDS = env.int("ANSWER_SECONDS", default=30)
DATA_UPLOAD_MAX_NUMBER_FIELDS = CSV_MAX_COLUMNS + 100  # a step of the wizard has a checkbox a column
DATA_UPLOAD_MAX_NUMBER_FILES = 0
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="denominator@localhost")
