"""Prints what completes `hinet` and its options in a shell.

    hinet completion bash > ~/.local/share/bash-completion/completions/hinet
    hinet completion zsh > ~/.zsh/completions/_hinet

The first for bash, the second for zsh with that folder in its fpath. Needs the package shtab
(pip install 'hinet-tf[completion]').
"""

import argparse
import importlib

from hinet_tf.command_line import CommandParser, command_main
from hinet_tf.commands.extras import check_extra
from hinet_tf.commands.hinet import COMMANDS


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "completion")
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="which shell")
    return parser


def run(args: argparse.Namespace) -> None:
    """Prints the completion."""
    check_extra("shtab", "hinet completion needs the package shtab", "completion")
    import shtab

    print(shtab.complete(whole_parser(), shell=args.shell))


def whole_parser() -> argparse.ArgumentParser:
    """One parser of `hinet` with all its commands, which otherwise are read one at a time."""
    whole = argparse.ArgumentParser(prog="hinet")
    commands = whole.add_subparsers()
    groups: dict[str, argparse._SubParsersAction] = {}
    for name, command in COMMANDS.items():
        own = importlib.import_module(f"hinet_tf.{command.module}").make_parser()
        group, _, last = name.rpartition(" ")
        if group and group not in groups:
            groups[group] = commands.add_parser(group, help=group).add_subparsers()
        home = groups[group] if group else commands
        # The command's options, its --help included.
        home.add_parser(last, parents=[own], add_help=False, help=command.summary)
    return whole


main = command_main(run, make_parser)
