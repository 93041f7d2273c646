#!/usr/bin/env python
"""Denominator's command line."""

import atexit
import gc
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    # Looking for garbage among a thousand modules is a sixth of starting up, and as much again at the end.
    gc.set_threshold(50_000, 20, 100)
    atexit.register(gc.freeze)
    try:
        if sys.argv[1:2] == ["demo"]:  # the one command that makes its own settings, on a machine without
            from demo.environment import set_environment

            set_environment()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error} (.env.example lists what can be set)")
