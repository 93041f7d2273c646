"""What reads files is imported by who reads files; a worker does before it forks."""

from __future__ import annotations

import os
import subprocess
import sys

STARTED = (
    "import sys, django; django.setup(); print('telemetry.dataset' in sys.modules, 'polars' in sys.modules)"
)
WORKER = (
    "import sys; from config.celery import app; from celery.signals import worker_init;"
    "app.loader.import_default_modules(); worker_init.send(sender=None);"
    "print('telemetry.dataset' in sys.modules, 'polars' in sys.modules)"
)


def test_a_command_that_reads_no_file_does_not_import_what_would():
    assert run(STARTED) == "False False"


def test_a_worker_has_it_before_it_forks():
    assert run(WORKER) == "True True"


def run(code: str) -> str:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    return done.stdout.strip()
