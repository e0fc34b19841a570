"""Which devices train together, and how a batch is divided among them."""

import json
import os
from collections.abc import Callable

import tensorflow as tf

from hinet_tf.engine import keras_remedies
from hinet_tf.processor import usable_cores

# Up to so many cores compute a part of a batch each. Measured for two; each part holds gradients
# of all weights, which for the many cores of a server would be more memory than the feature maps.
_MOST_CORES = 4


def choose_strategy() -> tf.distribute.Strategy:
    """Returns the strategy for the devices and workers at hand.

    - `MultiWorkerMirroredStrategy` where `TF_CONFIG` names a cluster,
    - `MirroredStrategy` on all visible GPUs (or logical CPUs) where there are several,
    - TensorFlow's default strategy on one device, where Keras compiles the step with XLA if it
      is a GPU. (`MirroredStrategy` on one device would switch that off.)

    Must run before TensorFlow makes its first tensor when there are several workers.

    Returns:
        The strategy; network and optimizer are made under its `scope()`.

    Raises:
        ValueError: If `TF_CONFIG` is no JSON with a cluster and a task.

    Example:
    >>> with choose_strategy().scope():
    ...     model = HINet(width=16)
    """
    keras_remedies.apply()
    if _cluster():
        return tf.distribute.MultiWorkerMirroredStrategy()
    for kind in ("GPU", "CPU"):
        devices = tf.config.list_logical_devices(kind)
        if len(devices) > 1:
            return tf.distribute.MirroredStrategy([device.name for device in devices])
        if devices:
            break
    return tf.distribute.get_strategy()


def share_out_cores(batch: int, accumulate: int) -> int:
    """Gives each operation one thread, and each core a part of the batch, where that is faster.

    So it is on a CPU of few cores, where operations one after another, each divided over all
    threads, take 1.1 to 1.2 times as long (benchmarks/training.md). Must run before TensorFlow
    makes its first tensor; where it already has, or `TF_NUM_INTRAOP_THREADS` or
    `TF_NUM_INTEROP_THREADS` says otherwise, nothing changes.

    Args:
        batch: Pairs in a global batch.
        accumulate: Parts of a batch that are computed one after the other.

    Returns:
        The number of parts to compute at once, `concurrent_parts` of the network; 1 for several
        devices, GPUs, more cores than were measured, or a batch that the cores do not divide.
    """
    cores = usable_cores()
    chosen = {"TF_CONFIG", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"} & os.environ.keys()
    cpu = tf.config.list_physical_devices("CPU")[0]
    several = tf.config.get_logical_device_configuration(cpu) or ()
    if (
        chosen
        or len(several) > 1
        or tf.config.list_physical_devices("GPU")
        or not 1 < cores <= _MOST_CORES
        or batch % (accumulate * cores)
    ):
        return 1
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(cores)
    except RuntimeError:
        # TensorFlow has started: in a notebook, say.
        return 1
    return cores


def worker_count() -> int:
    """Number of processes that train together."""
    cluster = _cluster()
    return sum(len(cluster.get(job, ())) for job in ("chief", "worker")) or 1


def check_same_step(strategy: tf.distribute.Strategy, step: int) -> None:
    """Refuses workers that would go on from different checkpoints.

    They would add gradients of different weights, and say nothing.

    Args:
        strategy: The strategy.
        step: Where this worker goes on from.

    Raises:
        ValueError: If another worker goes on from another step.
    """
    if worker_count() == 1:
        return

    @tf.function
    def total(value: tf.Tensor) -> tf.Tensor:
        return strategy.reduce("SUM", value, axis=None)

    # All are alike if and only if the square of the sum is the number times the sum of squares.
    powers = [tf.constant(float(step) ** power, "float64") for power in range(3)]
    count, steps, squares = (float(total(power)) for power in powers)
    if count * squares != steps**2:
        raise ValueError(
            f"This worker goes on from step {step:,} and another one does not. All workers of a "
            "training need one run directory, on a disk that they share; see --run."
        )


def distribute(
    strategy: tf.distribute.Strategy,
    batch: int,
    pipeline: Callable[[int, int], tf.data.Dataset],
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """Returns the training data as `fit` takes it, each worker making only its own share.

    Args:
        strategy: The strategy.
        batch: Pairs in a global batch.
        pipeline: Called with the number of workers and this worker's number; returns the
            dataset of this worker's shares of the global batches.

    Returns:
        A dataset of shares per replica, in the same order of samples under every strategy.
    """
    if strategy.num_replicas_in_sync == 1:
        return pipeline(1, 0)

    def share(context: tf.distribute.InputContext) -> tf.data.Dataset:
        dataset = pipeline(context.num_input_pipelines, context.input_pipeline_id)
        if context.num_replicas_in_sync > context.num_input_pipelines:
            size = context.get_per_replica_batch_size(batch)
            dataset = dataset.rebatch(size, drop_remainder=True).prefetch(2)
        return dataset

    return strategy.distribute_datasets_from_function(share)


def check_workers(batch: int) -> None:
    """Refuses more workers than a batch has pairs, before they wait for one another.

    A worker's shard of the data is its part of every batch; the number of images is no limit,
    since each sample draws its image by its own number.

    Args:
        batch: Pairs in a global batch.

    Raises:
        ValueError: If `TF_CONFIG` names more workers than that.
    """
    workers = worker_count()
    if workers > batch:
        raise ValueError(
            f"TF_CONFIG names {workers} workers, but a batch has {batch} pairs to share out. Use "
            f"--batch {workers} or a multiple of it, or start {batch} workers at most."
        )


def check_batch(batch: int, accumulate: int, strategy: tf.distribute.Strategy) -> None:
    """Refuses a batch that cannot be divided evenly.

    Args:
        batch: Pairs in a global batch.
        accumulate: Parts that each replica splits its share into.
        strategy: The strategy.

    Raises:
        ValueError: If replicas times parts do not divide the batch.
    """
    replicas = strategy.num_replicas_in_sync
    if batch % (replicas * accumulate):
        fitting = max(1, round(batch / (replicas * accumulate))) * replicas * accumulate
        raise ValueError(
            f"A batch of {batch} cannot be divided evenly among {replicas} devices in "
            f"{accumulate} parts each. Use a multiple of {replicas * accumulate}, such as "
            f"--batch {fitting}."
        )


def _cluster() -> dict[str, list[str]]:
    """Addresses of the workers by their kind; empty where `TF_CONFIG` names none."""
    config = os.environ.get("TF_CONFIG")
    if not config:
        return {}
    try:
        content = json.loads(config)
        cluster = content["cluster"] if content else {}
        if cluster:
            content["task"]["type"], content["task"]["index"]
        return cluster
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            "TF_CONFIG must be JSON with 'cluster' (addresses of the workers) and 'task' (type "
            f"and index of this one). Received: {config[:80]!r}"
        ) from error
