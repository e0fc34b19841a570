"""Remedies for faults of Keras 3.15 that stop training on several workers.

Both are in `keras/src/backend/tensorflow/trainer.py` and reported upstream (keras#20585,
keras#20329). `tests/engine/test_keras_remedies.py` trains without them and fails once Keras
needs them no longer; this module can go then.
"""

from typing import Any

import tensorflow as tf
from keras.src.backend.tensorflow import trainer


def apply() -> None:
    """Repairs Keras' trainer for `MultiWorkerMirroredStrategy`; calling it again is harmless."""
    if getattr(trainer.reduce_per_replica, "is_remedy", False):
        return
    faulty_reduce = trainer.reduce_per_replica
    faulty_build = trainer.TensorFlowTrainer._maybe_symbolic_build

    def reduce_per_replica(values: Any, strategy: tf.distribute.Strategy, reduction: str) -> Any:
        # Keras asks for the mean over axis 0 of values that are scalars per replica.
        if reduction == "auto" and isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            return tf.nest.map_structure(lambda v: strategy.reduce("MEAN", v, axis=None), values)
        return faulty_reduce(values, strategy, reduction)

    def maybe_symbolic_build(self: Any, iterator: Any = None, data_batch: Any = None) -> None:
        # Keras takes the shapes of a batch without looking into its replicas' shares. A model
        # that is built has nothing to learn from them but the metrics' shapes.
        if isinstance(self.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy):
            strategy = self.distribute_strategy
            if iterator is not None:
                for _, _, batches in iterator:
                    data_batch = next(batches)
                    break
            data_batch = tf.nest.map_structure(
                lambda v: strategy.experimental_local_results(v)[0], data_batch
            )
            iterator = None
        faulty_build(self, iterator=iterator, data_batch=data_batch)

    reduce_per_replica.is_remedy = True
    trainer.reduce_per_replica = reduce_per_replica
    trainer.TensorFlowTrainer._maybe_symbolic_build = maybe_symbolic_build
