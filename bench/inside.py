"""What has to be measured inside of a process with our settings: `python -m bench.inside CALL …`, JSON out."""

from __future__ import annotations

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from bench.calls import CALLS

    name, *arguments = sys.argv[1:]
    print(json.dumps(CALLS[name](*arguments)))


if __name__ == "__main__":
    main()
