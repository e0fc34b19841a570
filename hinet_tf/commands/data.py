"""Looks at data before it is trained on.

    hinet data check DIR                 what is in DIR, and what is wrong with it
    hinet data check DIR --skip-bad      succeeds if something usable is left
    hinet data check DIR --json FILE     the same as JSON

Exit codes: 0 all is well, 1 something is wrong, 2 wrong usage. `hinet-data` is the same command.
"""

import argparse
from dataclasses import asdict
from pathlib import Path

from hinet_tf.command_line import (
    EXIT_DONE,
    EXIT_FAILED,
    CommandParser,
    UsageError,
    command_main,
    load_tensorflow,
    one_line,
)
from hinet_tf.commands.checks import check_json_file, check_readable
from hinet_tf.commands.collect_files import other_files
from hinet_tf.commands.options import (
    add_json_option,
    add_quiet_option,
    message_console,
    write_json,
)
from hinet_tf.commands.progress import tracked


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "data")
    commands = parser.add_subparsers(dest="command", required=True, metavar="check")
    about = "list what is in a folder and what is wrong with it"
    check = commands.add_parser("check", help=about, documentation=about)
    check.add_argument("folder", type=Path, metavar="DIR", help="a paired or a clean folder")
    check.add_argument(
        "--skip-bad", action="store_true", help="succeed if something usable is left"
    )
    add_json_option(check, "the reports")
    add_quiet_option(check)
    return parser


def run(args: argparse.Namespace) -> int:
    """Checks the folder, prints the reports and returns the exit code."""
    if not args.folder.is_dir():
        raise UsageError(f"{args.folder} is no folder; expected a folder of images.")
    check_readable(args.folder)
    check_json_file(args.json)
    load_tensorflow(args.quiet)
    from hinet_tf.data.folder_check import check_folder

    # On stderr, so that the report alone can be piped on.
    console = message_console(args)
    reports = check_folder(
        args.folder, lambda items, title: tracked(items, f"Checking {title}", console)
    )
    if not args.quiet and str(args.json) != "-":
        _show(args.folder, reports)
    if args.json:
        write_json(args.json, [asdict(report) for report in reports])
    problems = [problem for report in reports for problem in report.problems]
    if args.skip_bad:
        problems = [] if all(report.usable for report in reports) else problems
    return EXIT_FAILED if problems else EXIT_DONE


main = command_main(run, make_parser)


def _show(folder: Path, reports: list) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(soft_wrap=True)
    table = Table("split", "kind", "usable", "unusable", "sizes", "files", "PSNR input to target")
    for report in reports:
        unusable = sum(not problem.usable for problem in report.problems)
        table.add_row(
            report.split,
            "pairs" if report.paired else "clean",
            str(report.usable),
            str(unusable),
            " to ".join(f"{width}x{height}" for height, width in report.sizes) or "-",
            "\n".join(f"{count} {kind}" for kind, count in report.kinds.items()) or "-",
            "{1:.1f} dB ({0:.1f} to {2:.1f})".format(*report.psnr) if report.psnr else "-",
        )
    console.print(table)
    for report in reports:
        for problem in report.problems:
            mark = "[yellow]look[/]" if problem.usable else "[red]bad [/]"
            message = escape(one_line(problem.message))
            console.print(f"{mark} {report.split}: {message}", highlight=False)
    if others := other_files([str(folder)]):
        console.print(f"Left alone, of no format that is read: {escape(others)}")
    problems = [problem for report in reports for problem in report.problems]
    unusable = sum(not problem.usable for problem in problems)
    usable = sum(report.usable for report in reports)
    if problems:
        console.print(
            f"{usable} usable, {unusable} unusable, {len(problems) - unusable} to look at."
        )
    else:
        console.print(f"{usable} usable; nothing is wrong.")
    if usable == 1 and reports[0].split == "all":
        console.print("A training needs two images at least, one of them to validate on.")
