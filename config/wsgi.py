import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

import config.celery  # noqa: E402, F401 - or `celery.current_app` is one without a broker
from config.database import limit_web_process  # noqa: E402 - these need the settings
from config.requests import Handler  # noqa: E402

limit_web_process()
application = Handler()
