"""How gunicorn serves Denominator: `gunicorn -c deploy/gunicorn.conf.py config.wsgi`.

WEB_CONCURRENCY is gunicorn's own variable for the number of processes; WEB_BIND and WEB_THREADS are ours. The
reverse proxy's part is in docs/deployment.md.
"""

import os

bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "4"))
threads = int(os.environ.get("WEB_THREADS", "24"))
worker_class = "config.web_worker.Worker"
worker_connections = 1000  # of a process; what is more waits in the backlog

timeout = 60  # a process whose main loop stands still for so long is ended; no bound of a request
graceful_timeout = 30
keepalive = 5

limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
