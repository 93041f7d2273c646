"""How gunicorn serves Denominator: `gunicorn -c deploy/gunicorn.conf.py config.wsgi`.

WEB_CONCURRENCY is gunicorn's own variable for the number of processes; WEB_BIND and WEB_THREADS are ours. The
reverse proxy's part is in docs/deployment.md.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # gunicorn adds it later

from config.environment import Environment

env = Environment()
bind = env.str(
    "WEB_BIND",
    default="0.0.0.0:8000",
    form=re.compile(r"\S+:[0-9]{1,5}|unix:\S+|fd://[0-9]+"),
    takes="HOST:PORT or unix:PATH",
)
workers = env.int("WEB_CONCURRENCY", default=4)
threads = env.int("WEB_THREADS", default=24)
worker_class = "config.web_worker.Worker"
worker_connections = 1000  # of a process; what is more waits in the backlog

timeout = 60  # a process whose main loop stands still for so long is ended; no bound of a request
graceful_timeout = 30
keepalive = 5

limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
