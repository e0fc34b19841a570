r"""Restores millions of image files with Apache Beam, on one machine or on a cluster.

    hinet bulk --input 'photos/**' --model models/denoise/1 --out restored
    hinet bulk --input 'gs://photos/**' --model gs://models/denoise/1 \
        --out gs://restored --runner DataflowRunner --project P --region R --temp_location gs://T

What is there already is skipped, so that the same command goes on after any interruption. What
cannot be restored leaves OUT/_failed/NAME.json with the reason. Options that are not named below
go to Beam; docs/serving.md shows Flink, Spark and Dataflow. In a checkout,
export/bulk_restore.py is the same command.
"""

import argparse
import logging
import time
from collections.abc import Sequence
from typing import Any

from hinet_tf.command_line import (
    EXIT_DONE,
    EXIT_FAILED,
    CommandParser,
    UsageError,
    load_tensorflow,
    run_command,
)
from hinet_tf.commands.extras import check_extra
from hinet_tf.commands.options import add_quiet_option, message_console


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "bulk", allow_abbrev=False)
    add = parser.add_argument
    add("--input", required=True, metavar="PATTERN", help="such as 'photos/**'")
    add("--model", required=True, metavar="DIR", help="version directory, such as models/denoise/1")
    # No path: it may lie on a bucket.
    add("--out", "-o", "--output", required=True, metavar="DIR", help="folder of the results")
    add("--retry-failed", action="store_true", help="try again what failed in an earlier run")
    add_quiet_option(parser)
    return parser


def run(args: argparse.Namespace, beam_options: Sequence[str]) -> int:
    """Runs the pipeline to its end; returns 1 if any image failed."""
    check_extra("apache_beam", "Bulk restoration needs Beam", "bulk")
    # Beam warns of Google's clients, which nobody asked for.
    logging.getLogger().addFilter(lambda record: "apitools" not in record.getMessage())
    import apache_beam as beam
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions

    if not FileSystems.exists(FileSystems.join(args.model, "saved_model.pb")):
        raise UsageError(
            f"{args.model} holds no saved_model.pb. Expected a version directory that "
            "hinet export saved-model wrote, such as models/denoise/1."
        )
    load_tensorflow(args.quiet)
    from hinet_tf.deploy.bulk import dask_cluster
    from hinet_tf.deploy.bulk.files import DEAD_LETTERS, remove_partial
    from hinet_tf.deploy.bulk.restoration import BulkRestoration

    console = message_console(args)
    beam_options, on_dask = dask_cluster.dask_options(beam_options)
    letters = _dead_letters(args.out)
    start = time.monotonic()
    with console.status(
        "Restoring; Beam's runner shows its progress where it has a page for it"
    ) as status:
        pipeline = beam.Pipeline(options=PipelineOptions(list(beam_options)))
        pipeline | BulkRestoration(
            args.input, args.model, args.out, args.retry_failed, list_first=on_dask
        )
        try:
            result = pipeline.run()
        except OSError as error:
            if not on_dask:
                raise
            raise UsageError(
                f"No Dask scheduler answers: {error}. Start one with `dask scheduler`, and name "
                "it by --dask_client_address tcp://HOST:8786."
            ) from error
        if on_dask:
            dask_cluster.watch(result, lambda line: status.update(f"Restoring: {line}"))
        result.wait_until_finish()
    remove_partial(args.out)
    seconds = time.monotonic() - start
    if on_dask:  # Which keeps no counters.
        failed = len(_dead_letters(args.out) - letters)
        what = f"finished in {seconds:.1f} s, {failed} failed"
    else:
        counters = _counters(result)
        failed = counters["failed"]
        speed = counters["pixels"] / 1e6 / seconds
        what = (
            f"{counters['done']} restored, {failed} failed, {counters['skipped']} skipped "
            f"in {seconds:.1f} s ({speed:.3f} megapixels/s)"
        )
    console.print(f"{what} -> {args.out}", markup=False, soft_wrap=True)
    if failed:
        reasons = FileSystems.join(args.out, DEAD_LETTERS)
        console.print(f"reasons: {reasons}", markup=False, soft_wrap=True)
    return EXIT_FAILED if failed else EXIT_DONE


def _dead_letters(out: str) -> set[tuple[str, float]]:
    """Name and date of what failed so far, so that a run counts only its own failures."""
    from apache_beam.io.filesystems import FileSystems

    from hinet_tf.deploy.bulk.files import DEAD_LETTERS

    (found,) = FileSystems.match([FileSystems.join(out, DEAD_LETTERS, "**")])
    return {(file.path, file.last_updated_in_seconds) for file in found.metadata_list}


def _counters(result: Any) -> dict[str, int]:
    import apache_beam as beam

    from hinet_tf.deploy.bulk.restoration import COUNTERS

    counters = dict.fromkeys(COUNTERS, 0)
    found = result.metrics().query(beam.metrics.MetricsFilter().with_namespace("bulk"))
    for counter in found["counters"]:
        counters[counter.key.metric.name] += counter.committed or 0
    return counters


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(lambda: run(*make_parser().parse_known_args(argv)), make_parser, argv)
