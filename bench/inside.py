"""What has to be measured inside of a process with our settings: `python -m bench.inside CALL …`."""

from __future__ import annotations

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from bench import calls, calls_of_scale

    name, *arguments = sys.argv[1:]
    print(json.dumps({**calls.CALLS, **calls_of_scale.CALLS}[name](*arguments)))


if __name__ == "__main__":
    main()
