from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

from commandline.command import Command as BaseCommand
from commandline.command import Failure
from demo.company import ENDPOINT_NAME
from demo.processes import ChildDied
from demo.stage import Demo

HINTS = (
    f"Settings > Telemetry > Add Telemetry, endpoint {ENDPOINT_NAME}, then Sync now. Prefixes to try:",
    "api_requests/ (metric api_requests), company_mentions/ (mentions), both dates yyyy-MM-dd;",
    "taxi_passengers/ (passengers), dates MM/d/yyyy. Ctrl-C here ends the demo.",
)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    help = "Everything on one machine: web, worker, scheduler and an S3 stand-in with sample files."

    def handle(self, *args: Any, **options: Any) -> None:
        for number in SIGNALS:  # SIGINT too: a shell that starts a job in the background has it ignored
            signal.signal(number, _interrupt)
        try:
            with Demo(output=sys.stderr) as self.demo:
                super().handle(*args, **options)
                self.stdout.flush()
                self.demo.serve()
        except ChildDied as error:
            raise Failure(str(error)) from None
        except KeyboardInterrupt:
            self.note("The demo has ended. Everything in it is kept for the next start.")

    def run(self) -> dict[str, str]:
        return self.demo.start()

    def describe(self, result: dict[str, str]) -> str:
        lines = [
            "Denominator is ready.",
            "",
            f"Address   {result['url']}",
            f"Email     {result['email']}",
            f"Password  {result['password']}",
            "",
            *HINTS,
        ]
        width = max(map(len, lines)) + 2
        rows = [f"│ {line:<{width - 1}}│" for line in lines]
        return "\n".join(["┌" + "─" * width + "┐", *rows, "└" + "─" * width + "┘"])


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Leave by the `with` above, which stops the children; a second signal must not stop the stopping."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
