"""What every command has in common: exit codes, one-line errors, quiet libraries."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2


class UsageError(ValueError):
    """What was asked for cannot be done as asked: exit code 2 instead of 1.

    Example:
    >>> raise UsageError("--patch 100 is not a multiple of 16: use 96 or 112.")
    Traceback (most recent call last):
    ...
    hinet_tf.command_line.UsageError: --patch 100 is not a multiple of 16: use 96 or 112.
    """


class CommandParser(argparse.ArgumentParser):
    """An argument parser whose help is the module's docstring and whose errors are one line.

    Args:
        documentation: The docstring of a command: what it does, then its usage.
        **kwargs: Arguments of `argparse.ArgumentParser`.

    Example:
    >>> parser = CommandParser(__doc__)
    """

    def __init__(self, documentation: str, **kwargs: Any) -> None:
        summary, _, usage = documentation.partition("\n\n")
        super().__init__(
            description=summary,
            epilog=usage,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **kwargs,
        )

    def error(self, message: str) -> NoReturn:
        """Prints the error as one line and exits with 2."""
        self.exit(EXIT_USAGE, f"error: {message}; see {self.prog} --help\n")


def run_command(command: Callable[[], int | None]) -> int:
    """Runs a command and turns a user's mistake into one line on stderr and an exit code.

    Only errors that name their cause are turned into a line: `UsageError`, `ValueError` and
    `OSError`, which this package raises with what was received, expected and to do. Anything
    else is a defect of the program and keeps its traceback.

    Args:
        command: The work, without arguments; may return an exit code.

    Returns:
        0 done, 1 failed at run time, 2 wrong usage, 130 stopped by Ctrl-C.
    """
    try:
        return command() or EXIT_DONE
    except UsageError as error:
        code = EXIT_USAGE
        message = str(error)
    except (ValueError, OSError) as error:
        code = EXIT_FAILED
        message = str(error)
    except KeyboardInterrupt:
        code = 130
        message = "Stopped by Ctrl-C; finished files stay."
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return code


def quiet_tensorflow() -> None:
    """Imports TensorFlow without its start-up chatter on the terminal.

    The first lines come before TensorFlow reads any setting, so that the process's stderr is
    held shut while it is imported; Python errors still pass.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    sys.stderr.flush()
    terminal = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        importlib.import_module("tensorflow")
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
