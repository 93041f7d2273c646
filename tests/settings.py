"""The product's settings in the tests' environment; two runs on one server never meet."""

# ruff: noqa: F403, F405  (a settings module that adds to another one)
from tests.environment import FOLDER, RUN

# isort: split
from config.settings import *
from tests.collation import TEMPLATE

DEBUG = False  # as pytest-django has it during tests; config.urls may be imported before

# SQLite's test database is a file, as in production: threads get connections of their own. On PostgreSQL
# the name carries the run; pytest-django adds the xdist worker.
_on_sqlite = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
DATABASES["default"]["TEST"] = (
    {"NAME": str(FOLDER / "test.sqlite3")}
    if _on_sqlite
    else {"NAME": f"test_denominator_{RUN}", "TEMPLATE": TEMPLATE}
)
CACHES["default"]["KEY_PREFIX"] = f"{RUN}-{FOLDER.name}"
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns about a missing one, and warnings are errors here
