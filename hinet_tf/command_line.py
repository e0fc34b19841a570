"""What every command has in common: exit codes, one-line errors, quiet libraries."""

import argparse
import difflib
import importlib
import itertools
import os
import re
import sys
from collections.abc import Callable, Sequence
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
        command: What it is called after `hinet`, such as `"export tflite"`; `None` for a program
            of its own. Started from its own file or script, it goes by that name.
        **kwargs: Arguments of `argparse.ArgumentParser`.

    Example:
    >>> parser = CommandParser(__doc__)
    """

    def __init__(self, documentation: str, command: str | None = None, **kwargs: Any) -> None:
        self._words: list[str] = []
        summary, _, usage = documentation.partition("\n\n")
        called = os.path.basename(sys.argv[0])
        if command and called in ("hinet", "__main__.py"):
            kwargs["prog"] = f"hinet {command}"
        super().__init__(
            description=summary,
            epilog=usage,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **kwargs,
        )

    def parse_known_args(
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Reads what it knows, as argparse does; an unknown flag is named before a missing one."""
        words = sys.argv[1:] if args is None else args
        self._words = list(itertools.takewhile(lambda word: word != "--", words))
        return super().parse_known_args(args, namespace)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        # `""` is what a shell makes of a variable that is not set; as a path it is this folder.
        if not arg_string and action.default != "":
            raise argparse.ArgumentError(action, "expected a value. Received: an empty one")
        return super()._get_value(action, arg_string)

    def error(self, message: str) -> NoReturn:
        """Prints the error as one line and exits with 2."""
        strange = [word for word in self._words if self._is_unknown(word)]
        if message.startswith("the following arguments are required") and strange:
            message = f"unrecognized arguments: {' '.join(strange)}"
        message = re.sub(r"^argument (\S+): must ", r"\1 must ", " ".join(message.split()))
        unknown = re.match(r"unrecognized arguments: (--[\w-]+)", message)
        if unknown:
            # What others call it, and else what is spelled much like it.
            synonym = {"--epochs": "--steps", "--device": "--engine"}.get(unknown[1])
            close = difflib.get_close_matches(unknown[1].replace("_", "-"), self._flags(), 1)
            known = synonym if synonym in self._flags() else next(iter(close), None)
            message += f"; did you mean {known}?" if known else ""
        self.exit(EXIT_USAGE, f"error: {message}; see {self.prog} --help\n")

    def _is_unknown(self, word: str) -> bool:
        flag = word.partition("=")[0]
        return flag.startswith("--") and not any(known.startswith(flag) for known in self._flags())

    def _flags(self) -> list[str]:
        return [flag for action in self._actions for flag in action.option_strings]


def run_command(
    command: Callable[[], int | None],
    make_parser: Callable[[], argparse.ArgumentParser] | None = None,
    argv: Sequence[str] | None = None,
) -> int:
    """Runs a command and turns a user's mistake into one line on stderr and an exit code.

    Only errors that name their cause are turned into a line: `UsageError`, `ValueError` and
    `OSError`, which this package raises with what was received, expected and to do. Anything
    else is a defect of the program and keeps its traceback.

    Args:
        command: The work, without arguments; may return an exit code.
        make_parser: Makes the command's parser: where an error names an argument of a function,
            the line names the option that the user knows it by.
        argv: The words of the command line; by default those of the process.

    Returns:
        0 done, 1 failed at run time, 2 wrong usage, 130 stopped by Ctrl-C.
    """
    try:
        return command() or EXIT_DONE
    except BrokenPipeError:
        # Who reads has seen enough, as `head` has; what is still in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except (ValueError, OSError) as error:
        code = EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED
        message = described(error)
        if make_parser:
            message = _in_options(message, make_parser(), sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        code = 130
        message = "Stopped by Ctrl-C; finished files stay."
    print(f"error: {one_line(message)}", file=sys.stderr)
    return code


def command_main(
    run: Callable[[argparse.Namespace], int | None],
    make_parser: Callable[[], argparse.ArgumentParser],
) -> Callable[..., int]:
    """Returns the `main` of a command, which takes its words and returns its exit code.

    Args:
        run: The work that the parsed words ask for; may return an exit code.
        make_parser: Makes the command's parser.

    Example:
    >>> main = command_main(print, lambda: CommandParser("Does nothing."))
    >>> main([])
    Namespace()
    0
    """

    def main(argv: Sequence[str] | None = None) -> int:
        return run_command(lambda: run(make_parser().parse_args(argv)), make_parser, argv)

    return main


def load_tensorflow(quiet: bool = False) -> None:
    """Imports TensorFlow, which takes seconds, and says so on a terminal meanwhile.

    Args:
        quiet: Whether to say nothing.
    """
    say = sys.stderr.isatty() and not quiet
    # Of its own, as the process's is held shut while TensorFlow is loaded.
    with open(os.dup(2), "w") as terminal:
        try:
            if say:
                print("Loading TensorFlow ...", end="", file=terminal, flush=True)
            importlib.import_module("tensorflow")
        finally:
            if say:
                print("\r\x1b[K", end="", file=terminal)


def one_line(text: str) -> str:
    r"""A message without what moves a terminal's cursor, which names of files may hold.

    Example:
    >>> one_line("two\nlines and \x1b[31mred")
    'two lines and \\x1b[31mred'
    """
    joined = " ".join(text.split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in joined)


def described(error: Exception) -> str:
    """The error's own words; for one of the system, the file first and no number.

    Example:
    >>> described(FileNotFoundError(2, "No such file or directory", "photo.png"))
    'photo.png: No such file or directory.'
    """
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}."
    return str(error)


def _in_options(message: str, parser: argparse.ArgumentParser, argv: Sequence[str]) -> str:
    """Says `--max-drop` for the argument `max_drop`, and `--set beta_1` for a recipe's key."""
    typed = {word.partition("=")[0] for word in argv}
    options = {}
    for action in parser._actions:
        words = [word for word in action.option_strings if word in typed]
        words += [word for word in action.option_strings if word.startswith("--")]
        if words:
            options[action.dest] = words[0]
    for flag, value in itertools.pairwise(argv):
        key = value.partition("=")[0].strip()
        if flag == "--set" and options.get(key) not in typed:
            options[key] = f"--set {key}"
    message = re.sub(r"`(\w+)`", lambda name: options.get(name[1], name[0]), message)
    before, received, after = message.partition("Received: ")
    after = re.sub(
        r"\b(\w+)=", lambda name: f"{options[name[1]]} " if name[1] in options else name[0], after
    )
    return before + received + after
