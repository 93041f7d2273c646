"""The environment that tests run in, whatever the machine's own says.

`TEST_DATABASE_URL` and `TEST_REDIS_URL` choose the services; without them it is SQLite and files. What a
developer's shell or .env file says about services, credentials or addresses of AWS never reaches a test.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="denominator-tests-"))  # a process's own; conftest.py removes it
RUN = os.environ.setdefault("TEST_RUN", str(os.getpid()))  # the same in every xdist worker of one run

os.environ.update(
    DEBUG="1",
    VAR_DIR=str(FOLDER),
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{FOLDER / 'db.sqlite3'}",
    SITE_URL="http://testserver",
    OIDC_SERVER_URL="",
    TRUSTED_PROXIES="",
    REDIS_URL=os.environ.get("TEST_REDIS_URL", ""),
    CACHE_URL=os.environ.get("TEST_REDIS_URL", ""),
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
)
for _name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
    os.environ.pop(_name, None)
