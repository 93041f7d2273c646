"""The demo's own environment, set before Django reads its settings (manage.py calls it for `demo`).

Everything is set, not defaulted: a shell or an .env file that names a production database, a Redis or real
AWS credentials must not reach the demo. What the demo keeps lies in one folder, `DEMO_DIR`.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from demo.standin.roles import OUR_ACCOUNT, OUR_KEY

BASE_DIR = Path(__file__).resolve().parent.parent


def demo_dir() -> Path:
    """The folder of everything that the demo keeps; `DEMO_DIR` moves it."""
    return Path(os.environ.get("DEMO_DIR") or BASE_DIR / "var" / "demo").resolve()


def set_environment() -> None:
    """Let the settings, and every child process, see the demo's database, queue and S3 stand-in alone."""
    folder = demo_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"DEMO_DIR must be the path of a folder that can be made, not '{folder}' ({error.strerror})"
        ) from None
    os.environ.update(
        DEMO_DIR=str(folder),
        DJANGO_SETTINGS_MODULE="config.settings",
        DEBUG="0",
        SECRET_KEY=keep_secret(folder / "secret-key", nbytes=50),
        SECRET_KEY_FALLBACKS="",
        OIDC_SERVER_URL="",
        TRUSTED_PROXIES="",
        ALLOWED_HOSTS="localhost,127.0.0.1",
        SITE_URL="http://127.0.0.1:8000",  # until the demo has its port
        CSRF_TRUSTED_ORIGINS="",
        SECURE_COOKIES="0",  # plain http on loopback
        SECURE_SSL_REDIRECT="0",
        SECURE_HSTS_SECONDS="0",
        BEHIND_TLS_PROXY="0",
        LOG_JSON="0",
        VAR_DIR=str(folder),
        DATABASE_URL=f"sqlite:///{folder / 'denominator.sqlite3'}",
        REDIS_URL="",
        CACHE_URL="",
        CACHE_DIR=str(folder / "cache"),
        QUEUE_DIR=str(folder / "queue"),
        AWS_ACCOUNT_ID=OUR_ACCOUNT,
        AWS_ACCESS_KEY_ID=OUR_KEY,
        AWS_SECRET_ACCESS_KEY="demo",  # noqa: S106 (the stand-in on loopback takes any)
        AWS_REGION="us-east-1",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"):
        os.environ.pop(name, None)


def point_at_stand_in(*, port: int) -> None:
    """Let the AWS SDK, here and in every child started from now on, speak to the stand-in."""
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"


def keep_secret(path: Path, *, nbytes: int) -> str:
    """The secret in the file, made at the first call; only its owner may read the file."""
    if not path.exists():
        part = path.with_name(f"{path.name}.part")
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(nbytes) + "\n", encoding="utf-8")
        part.replace(path)
    return path.read_text(encoding="utf-8").strip()
