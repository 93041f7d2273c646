"""Every setting of Denominator, read from the environment by a typed reader.

`.env.example` lists the variables with their meaning; a missing or malformed one stops the process with
its name. A file `.env` beside manage.py is read when it exists; the environment wins over it.
"""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import environment
from config.environment import REQUIRED, Environment, read_file
from config.logs import logging_config

# A worker's second core is another worker's; a pool of threads costs a file of a day's rows a tenth more.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent


env = Environment()
read_file(BASE_DIR / ".env")
VAR_DIR = env.folder("VAR_DIR", default=BASE_DIR / "var")


# --- the process -------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="development-only" if DEBUG else REQUIRED, secret=True)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", secret=True)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else REQUIRED)
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
SITE_URL = env.origin("SITE_URL", default="http://localhost:8000" if DEBUG else REQUIRED)
LOGGING_CONFIG = None
logging_config(
    level=env.choice("LOG_LEVEL", default="INFO", choices=environment.LOG_LEVELS),
    as_json=env.bool("LOG_JSON", default=not DEBUG),
)

READYZ_TOKEN = env.str(
    "READYZ_TOKEN",
    default="",
    form=environment.TOKEN,
    takes="at least 16 letters, digits and signs of ASCII, without a space",
    secret=True,
)

# --- the parts ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "accounts",  # before Django's own, so that its createsuperuser and changepassword are found first
    "config.apps.AdminConfig",
    "config.apps.ChecksConfig",
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
    "core",
    "audit",
    "commandline",
    "standby",
    "endpoints",
    "csvfiles",
    "ingestion",
    "telemetry",
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
DATABASE_CONN_MAX_AGE = env.int("DATABASE_CONN_MAX_AGE", default=60, at_least=0)
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'denominator.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    environment.make_folder("VAR_DIR", VAR_DIR)
    # Web, worker and scheduler share the file: WAL lets readers go on during a write, an immediate
    # transaction waits for its turn at BEGIN instead of failing half way with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = DATABASE_CONN_MAX_AGE
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Seconds until a server that is not there is an error; milliseconds until one that vanished is.
    DATABASES["default"].setdefault("OPTIONS", {}).update(connect_timeout=5, tcp_user_timeout=30_000)
# Of a web process; workers have TASK_TIME_LIMIT_SECONDS (config.database).
DATABASE_STATEMENT_SECONDS = env.int("DATABASE_STATEMENT_SECONDS", default=60)
DATABASE_IDLE_SECONDS = env.int("DATABASE_IDLE_SECONDS", default=60)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- cache, queue, schedule --------------------------------------------------------------------------
REDIS_URL = env.redis_url("REDIS_URL", default="")
CACHE_URL = env.redis_url("CACHE_URL", default=REDIS_URL)
CACHE_DIR = env.folder("CACHE_DIR", default=VAR_DIR / "cache")
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
            "LOCATION": str(CACHE_DIR),
            "OPTIONS": {"MAX_ENTRIES": 10_000},  # beyond it any of them may go, also one that holds a place
        }
    )
}
CELERY_SENDER = "config.celery.sender"
QUEUE_DIR = env.folder("QUEUE_DIR", default=VAR_DIR / "queue")
# A task is killed after so long. Redis gives one to another worker that is not done after the other time.
TASK_TIME_LIMIT_SECONDS = env.int("TASK_TIME_LIMIT_SECONDS", default=10_800, at_least=120)
TASK_VISIBILITY_TIMEOUT_SECONDS = env.int("TASK_VISIBILITY_TIMEOUT_SECONDS", default=14_400)
# Where Django admin's removal of an account has its export written, by a worker.
ACCOUNT_EXPORTS_DIR = env.folder("ACCOUNT_EXPORTS_DIR", default=VAR_DIR / "exports")
DAILY_SYNC_TIME = env.time_of_day("DAILY_SYNC_TIME", default="02:00")

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
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7, at_most=environment.DAYS)
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no third cookie

# --- guessing passwords (accounts/lockout.py) ----------------------------------------------------------
# A person and a network together: nobody can lock somebody else out from elsewhere.
SIGN_IN_ATTEMPTS = env.int("SIGN_IN_ATTEMPTS", default=5)
# A network, for all persons.
SIGN_IN_ATTEMPTS_PER_ADDRESS = env.int("SIGN_IN_ATTEMPTS_PER_ADDRESS", default=50)
SIGN_IN_LOCKED_MINUTES = env.int("SIGN_IN_LOCKED_MINUTES", default=15)
# Of one process; each takes 100 MB while it goes on.
PASSWORD_HASHES_AT_ONCE = env.int("PASSWORD_HASHES_AT_ONCE", default=2)

# --- single sign-on: django-allauth speaks OpenID Connect, and no more (accounts/sso.py) --------------
OIDC_NAME = env.str("OIDC_NAME", default="single sign-on")
OIDC_SERVER_URL = env.http_url("OIDC_SERVER_URL")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default=REQUIRED if OIDC_SERVER_URL else "")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default=REQUIRED if OIDC_SERVER_URL else "", secret=True)
OIDC_EMAIL_DOMAINS = env.list(
    "OIDC_EMAIL_DOMAINS", form=environment.DOMAIN, takes="domains such as example.com, without @"
)
OIDC_SIGN_UP_ACCOUNT = env.str(
    "OIDC_SIGN_UP_ACCOUNT", default="", form=environment.SLUG, takes="the slug of an account, such as acme"
)
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
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
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
AWS_ACCOUNT_ID = env.str(
    "AWS_ACCOUNT_ID",
    default="",
    form=environment.ACCOUNT_ID,
    takes="the 12 digits of an AWS account, without hyphens",
)
# What is otherwise refused (docs/decisions/0028): roles of that account, by ARN; endpoints whose role opens
# without its external ID, by external ID.
OWN_ROLES_ALLOWED = env.list(
    "OWN_ROLES_ALLOWED",
    form=environment.ROLE_ARN,
    takes="ARNs of roles such as arn:aws:iam::123456789012:role/Metrics",
)
UNSAFE_ENDPOINTS_ALLOWED = env.list(
    "UNSAFE_ENDPOINTS_ALLOWED",
    form=environment.EXTERNAL_ID,
    takes="external IDs of endpoints, denominator- and 40 digits and letters a to f",
)
SUGGESTED_ROLE_NAME = env.name_in_iam("SUGGESTED_ROLE_NAME", default="FinoutMetricsReadOnlyRole", most=64)
SUGGESTED_POLICY_NAME = env.name_in_iam(
    "SUGGESTED_POLICY_NAME", default="finout-access-policy_telemetry_export", most=128
)
# Read by the AWS SDK itself, which takes what is malformed for nothing, or fails at the first call.
env.str("AWS_ACCESS_KEY_ID", default="", form=environment.KEY, takes=environment.KEY_TAKES)
env.str("AWS_SECRET_ACCESS_KEY", default="", form=environment.KEY, takes=environment.KEY_TAKES, secret=True)
env.str(
    "AWS_REGION", default="", form=environment.REGION, takes="the code of an AWS region such as us-east-1"
)
env.http_url("AWS_ENDPOINT_URL")

# --- syncing ------------------------------------------------------------------------------------------
# How often a worker renews its lease on a run (seconds); after twice that another may claim it.
RUN_HEARTBEAT_SECONDS = env.int("RUN_HEARTBEAT_SECONDS", default=15)
# How many other workers may read files of a run beside the one that carries it out.
RUN_HELPERS = env.int("RUN_HELPERS", default=3, at_least=0)
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
CSV_MAX_UNPACKED_BYTES = env.int("CSV_MAX_UNPACKED_BYTES", default=200 * 2**30, at_most=2**50)
CSV_MAX_UNPACK_RATIO = env.int("CSV_MAX_UNPACK_RATIO", default=500)
# A dimension with more values on a date has no daily totals of its own; its charts read the points.
DAILY_TOTALS_MAX_VALUES = env.int("DAILY_TOTALS_MAX_VALUES", default=1_000, at_least=0)
MAX_REJECTED_ROWS_KEPT = env.int("MAX_REJECTED_ROWS_KEPT", default=10_000, at_least=0)

# --- limits for what people do at once (docs/decisions/0018) ---------------------------------------------
# Of one account: tests of endpoints, looks into a bucket in the wizard (each calls AWS), and downloads.
TESTS_AT_ONCE = env.int("TESTS_AT_ONCE", default=4)
PREVIEWS_AT_ONCE = env.int("PREVIEWS_AT_ONCE", default=8)
DOWNLOADS_AT_ONCE = env.int("DOWNLOADS_AT_ONCE", default=4)
# Of one web process, whoever asks; of one download (core.spool).
DOWNLOADS_OF_A_PROCESS = env.int("DOWNLOADS_OF_A_PROCESS", default=8)
DOWNLOAD_MAX_BYTES = env.int("DOWNLOAD_MAX_BYTES", default=2 * 2**30, at_most=2**50)
DOWNLOAD_SECONDS = env.int("DOWNLOAD_SECONDS", default=300)
DOWNLOADS_DIR = env.folder("DOWNLOADS_DIR", default=VAR_DIR / "downloads")
# Of one account: pages list them all to choose from.
MAX_ENDPOINTS = env.int("MAX_ENDPOINTS", default=500)
# Of one person in an account.
MAX_UNFINISHED_DRAFTS = env.int("MAX_UNFINISHED_DRAFTS", default=20)
DRAFT_DAYS = env.int("DRAFT_DAYS", default=30, at_most=environment.DAYS)

# --- the web -----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
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
CSRF_FAILURE_VIEW = "accounts.refusals.refuse_unchecked"
if SECURE_COOKIES:  # a browser takes such a name from this host alone, over HTTPS, for every path
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
if SECURE_COOKIES and not DEBUG and not SITE_URL.startswith("https://"):
    raise ImproperlyConfigured(
        f"SITE_URL must begin with https://, not {SITE_URL!r}: cookies go over HTTPS alone"
    )
if SECURE_COOKIES and OIDC_SERVER_URL and not OIDC_SERVER_URL.startswith("https://"):
    raise ImproperlyConfigured(f"OIDC_SERVER_URL must begin with https://, not {OIDC_SERVER_URL!r}")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE_COOKIES)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SECURE_COOKIES else 0, at_least=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
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
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL",
    default="denominator@localhost",
    form=environment.ADDRESS,
    takes="an e-mail address such as metrics@example.com, or Name <metrics@example.com>",
)
