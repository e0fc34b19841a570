"""How long files take, and how much memory."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

# Not the peak of getrusage: a process inherits that of the one that started it.
_MEMORY_PROBE = """
import json, re, sys
import numpy as np
from hinet_tf.inference.engines.litert import TFLiteModel
def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
before = peak()
model = TFLiteModel(sys.argv[1], num_threads=1)
model.restore(np.zeros(json.loads(sys.argv[2]), np.float32))
print(peak() - before)
"""


def measure_latencies(
    runners: Mapping[str, Callable[[], object]],
    runs: int,
    on_run: Callable[[int], None] = lambda number: None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, tuple[float, float]]:
    """Times several things side by side: in turns, so that a disturbance hits all alike.

    Args:
        runners: What to time, by name. Each runs twice before, to warm up.
        runs: Timed runs of each.
        on_run: Called after each turn with its number.
        clock: `time.process_time` counts processor seconds instead, of all threads: steadier on
            a busy machine.

    Returns:
        Median and 95th percentile by name, in seconds.

    Example:
    >>> sorted(measure_latencies({"nothing": lambda: None}, runs=3))
    ['nothing']
    """
    for run in runners.values():
        run()
        run()
    seconds: dict[str, list[float]] = {name: [] for name in runners}
    for number in range(runs):
        for name, run in runners.items():
            start = clock()
            run()
            seconds[name].append(clock() - start)
        on_run(number + 1)
    return {name: tuple(np.percentile(times, (50, 95)).tolist()) for name, times in seconds.items()}


def peak_memory(path: str, shape: tuple[int, int, int]) -> int | None:
    """Bytes that loading a file and restoring one image adds to a process, at its peak.

    Linux tells; elsewhere `None`.

    Args:
        path: A `.tflite` file of float32 images.
        shape: Shape of the image.
    """
    if not Path("/proc/self/status").exists():
        return None
    command = [sys.executable, "-c", _MEMORY_PROBE, path, json.dumps(shape)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(run.stdout)
