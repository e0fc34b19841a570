"""What Beam's runner for Dask leaves to whoever calls it."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

# Beam finds it by this name alone.
_RUNNER = "apache_beam.runners.dask.dask_runner.DaskRunner"
# A task holds all files of its part in memory, and is what is done again when a worker dies.
_FILES_PER_PART = 16


def dask_options(options: Sequence[str]) -> tuple[list[str], bool]:
    """Beam's options with what its Dask runner needs to share the work out.

    Args:
        options: Options as the user gave them.

    Returns:
        The options, with the runner's full name and a size of parts where none was given, and
        whether they name that runner.

    Example:
    >>> dask_options(["--runner=DaskRunner", "--dask_partition_size=8"])[1]
    True
    """
    named = [_RUNNER if option == "DaskRunner" else option for option in options]
    named = [f"--runner={_RUNNER}" if o == "--runner=DaskRunner" else o for o in named]
    if not any(option.endswith(_RUNNER) for option in named):
        return named, False
    if not any(o.startswith(("--dask_partition_size", "--dask_npartitions")) for o in named):
        named.append(f"--dask_partition_size={_FILES_PER_PART}")
    return named, True


def watch(result: Any, say: Callable[[str], None], interval: float = 1.0) -> None:
    """Says how far a run is until it has ended, well or not.

    Args:
        result: What the runner gave for the run.
        say: Takes a line each time.
        interval: Seconds between two lines.
    """
    while not all(future.done() for future in result.futures):
        states = result.client.run_on_scheduler(_states)
        workers = states.pop("workers")
        # Released: done, and its result was used by all who asked for it.
        done = states.get("memory", 0) + states.get("released", 0)
        say(f"{done} of {sum(states.values())} tasks done, {workers} workers")
        time.sleep(interval)


def _states(dask_scheduler: Any) -> dict[str, int]:
    states = Counter(task.state for task in dask_scheduler.tasks.values())
    return {**states, "workers": len(dask_scheduler.workers)}
