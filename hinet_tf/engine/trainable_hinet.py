"""HINet with the training step that every strategy and batch size shares."""

from typing import Any

import keras
import tensorflow as tf

from hinet_tf.losses import PSNRLoss
from hinet_tf.models import HINet


@keras.saving.register_keras_serializable(package="hinet_tf")
class TrainableHINet(HINet):
    """A `HINet` whose training step can split its batch and says how each step went.

    With `accumulate=n` a step computes the gradients of `n` equal parts of the batch one after
    the other, averages them, and then sums over replicas, clips and updates once: the same
    weights as from the whole batch, at the memory of one part. Schedule, moving average and
    checkpoints go on counting optimizer steps. Keras' own `gradient_accumulation_steps` fails
    under distribution strategies.

    With `concurrent_parts=n` the gradients of `n` equal parts of what is computed at once have
    branches of the graph of their own, and are averaged: the same gradients. Where operations
    run on one thread each, these branches keep `n` cores busier than operations that are
    divided over `n` threads (benchmarks/training.md).

    The logs of a step are its own, not running means: `loss`, `loss_stage1`, `loss_restored`,
    `psnr` of the restored images and `gradient_norm` before the clip.

    Args:
        accumulate: Parts of the batch; each replica's share must be a multiple of it.
        concurrent_parts: Branches of the training step; such a part must be a multiple of it.
        **kwargs: Arguments of `HINet`.

    Example:
    >>> network = TrainableHINet(width=16, accumulate=4)
    """

    def __init__(self, accumulate: int = 1, concurrent_parts: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.accumulate = accumulate
        self.concurrent_parts = concurrent_parts
        # Makes the targets from the degraded images; see `recipe_parts.float_teacher`.
        self.teacher = None

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Configures training as `keras.Model.compile`; the step reports PSNR by itself."""
        keras.Model.compile(self, *args, **kwargs)

    def train_step(self, data: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        """One optimizer step on the replica's share of a batch."""
        degraded, clean, _ = keras.utils.unpack_x_y_sample_weight(data)
        gradients, logs = self._averaged_gradients(degraded, clean)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        norm = getattr(self.optimizer, "gradient_norm", None)
        if norm is not None:
            logs["gradient_norm"] = tf.convert_to_tensor(norm)
        return logs

    def _averaged_gradients(
        self, degraded: tf.Tensor, clean: tf.Tensor
    ) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
        if self.accumulate == 1:
            return self._concurrent_gradients(degraded, clean)
        parts = self.accumulate
        shape = degraded.shape
        share = (parts, shape[0] // parts, *shape[1:])
        degraded, clean = tf.reshape(degraded, share), tf.reshape(clean, share)
        # A loop and not unrolled parts, which TensorFlow would hold in memory all at once.
        sums = tf.nest.map_structure(tf.zeros_like, self._structure())

        def add_part(part: tf.Tensor, sums: Any) -> tuple[tf.Tensor, Any]:
            values = self._concurrent_gradients(degraded[part], clean[part])
            return part + 1, tf.nest.map_structure(tf.add, sums, values)

        _, sums = tf.while_loop(
            lambda part, _: part < parts,
            add_part,
            (tf.constant(0), sums),
            parallel_iterations=1,
            maximum_iterations=parts,
        )
        return tf.nest.map_structure(lambda total: total / parts, sums)

    def _concurrent_gradients(
        self, degraded: tf.Tensor, clean: tf.Tensor
    ) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
        parts = self.concurrent_parts
        if parts == 1:
            return self._gradients(degraded, clean)
        # Traced once for all parts.
        gradients = tf.function(self._gradients, autograph=False)
        shares = zip(tf.split(degraded, parts), tf.split(clean, parts), strict=True)
        values = [gradients(*share) for share in shares]
        return tf.nest.map_structure(lambda *part: tf.add_n(part) / parts, *values)

    def _gradients(
        self, degraded: tf.Tensor, clean: tf.Tensor
    ) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
        with tf.GradientTape() as tape:
            outputs = self(degraded, training=True)
            # Divided by the number of replicas already, so that their sum is the mean.
            target = clean if self.teacher is None else self.teacher(degraded)
            first, second = self.stage_losses(degraded, target, outputs)
            loss = self.optimizer.scale_loss(first + second)
        gradients = tape.gradient(loss, [v.value for v in self.trainable_variables])
        replicas = tf.cast(self.distribute_strategy.num_replicas_in_sync, tf.float32)
        restored = tf.clip_by_value(outputs["restored"], 0.0, 1.0)
        logs = {
            "loss": (first + second) * replicas,
            "loss_stage1": first * replicas,
            "loss_restored": second * replicas,
            "psnr": -tf.reduce_mean(PSNRLoss(reduction="none")(clean, restored)),
        }
        return gradients, logs

    def _structure(self) -> tuple[list[Any], dict[str, tf.Tensor]]:
        logs = dict.fromkeys(("loss", "loss_stage1", "loss_restored", "psnr"), tf.constant(0.0))
        return [tf.convert_to_tensor(v) for v in self.trainable_variables], logs
