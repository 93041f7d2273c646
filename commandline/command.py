"""The base of every management command: `--json`, errors on standard error, exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser, handle_default_options
from django.db import OperationalError, ProgrammingError, connections

from audit.origin import COMMAND, Origin, acting, get_system_user
from commandline.printable import printable

DONE, FAILED, WRONG_ARGUMENTS = 0, 1, 2

# What Django hands every command, and no command of ours asks for.
DJANGO_OPTIONS = frozenset(
    ("version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks")
) | {"stdout", "stderr"}


class Failure(CommandError):
    """The command could not do its work (exit 1). The text names the thing and the remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=FAILED)


class WrongArguments(CommandError):
    """Invalid arguments (exit 2). The text names the argument and what it takes."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=WRONG_ARGUMENTS)


class Command(BaseCommand):
    """A command prints for people, or with `--json` one JSON object and nothing else on standard output.

    A subclass implements `run(**options) -> dict` (the JSON object) and `describe(result) -> str` (the same
    for people). `exit_code(result)` says 0 or 1; the result is printed in both cases. Django's
    ValidationError becomes a list of `field: message` lines on standard error and exit 2.
    """

    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
        _move_djangos_options_down(parser)
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """As Django's, but an error is its text alone, without the name of a class before it."""
        self._called_from_command_line = True
        options = vars(self.create_parser(argv[0], argv[1]).parse_args(argv[2:]))
        handle_default_options(Namespace(**options))
        try:
            self.execute(*options.pop("args", ()), **options)
        except CommandError as error:
            self.stderr.write(str(error))
            sys.exit(error.returncode)
        except (OperationalError, ProgrammingError) as error:
            reason = str(error).strip().splitlines()[0]
            self.stderr.write(
                f"The database refuses: {reason}\nCheck DATABASE_URL, its server, and that `migrate` has run."
            )
            sys.exit(FAILED)
        except KeyboardInterrupt:
            self.stderr.write("Stopped.")
            sys.exit(FAILED)
        except BrokenPipeError:  # the reader of our output has closed it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        finally:
            connections.close_all()

    def handle(self, *_args: Any, as_json: bool, **options: Any) -> None:
        own = {name: value for name, value in options.items() if name not in DJANGO_OPTIONS}
        self.as_json = as_json
        try:
            with acting(lambda: describe_command(self)):
                result = self.run(**own)
        except ValidationError as error:
            raise WrongArguments(describe_validation(error)) from None
        self.stdout.write(json.dumps(result, ensure_ascii=False) if as_json else self._describe(result))
        code = self.exit_code(result)
        if code != DONE:
            sys.exit(code)

    def run(self, *_arguments: Any, **options: Any) -> dict[str, Any]:
        """Do the work and return the JSON object. Raises Failure, WrongArguments or ValidationError."""
        raise NotImplementedError

    def describe(self, result: dict[str, Any]) -> str:
        """The result in words, for a person."""
        raise NotImplementedError

    def _describe(self, result: dict[str, Any]) -> str:
        return "\n".join(printable(line) for line in self.describe(result).split("\n"))

    def exit_code(self, result: dict[str, Any]) -> int:
        return DONE

    def note(self, text: str) -> None:
        """Print progress to standard error: standard output is the result alone."""
        self.stderr.write(printable(text), style_func=lambda line: line)


def _move_djangos_options_down(parser: CommandParser) -> None:
    """List Django's own options under a separate heading, below the command's."""
    below = parser.add_argument_group("options of every Django command")
    ours = parser._optionals._group_actions  # argparse has no other way to an option's group
    below._group_actions += [action for action in ours if action.dest in DJANGO_OPTIONS]
    ours[:] = [action for action in ours if action.dest not in DJANGO_OPTIONS]


def describe_command(command: BaseCommand) -> Origin:
    """Who acts: what the audit log says of a command. Its name, and never its arguments."""
    name = type(command).__module__.rsplit(".", 1)[-1]
    return Origin(via=COMMAND, actor=get_system_user(), agent=f"manage.py {name}")


def describe_validation(error: ValidationError) -> str:
    """`field: message` a line; messages that belong to no field stand alone."""
    if not hasattr(error, "error_dict"):
        return "\n".join(error.messages)
    lines = []
    for field, messages in error.message_dict.items():
        lines += [text if field == "__all__" else f"{field}: {text}" for text in messages]
    return "\n".join(lines)
