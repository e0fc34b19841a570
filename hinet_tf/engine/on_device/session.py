"""One training on the accelerator from its newest checkpoint to its end or interruption."""

import time
from collections.abc import Callable, Sequence

import keras

from hinet_tf.data.sources.image_list import ImageList
from hinet_tf.engine.on_device.training import MOST_STEPS, DeviceTraining
from hinet_tf.engine.run_directory import RunDirectory
from hinet_tf.engine.session import Session
from hinet_tf.models import HINet
from hinet_tf.tasks import Recipe

# A borrowed machine may be gone any time; a checkpoint takes about a second.
_SAVE_SECONDS = 120.0


class DeviceSession(Session):
    """A session by the steps of `DeviceTraining`, with the callbacks of `TrainingSession`.

    Both leave the same files (but for TensorBoard's, which need TensorFlow), and each can go on
    with the other's run.

    Args:
        recipe: The resolved recipe.
        network: The compiled network.
        directory: The run directory, claimed for the recipe.
        open_images: From the name of a split to its images, decoded once.
        stop_after: Seconds after which to save and stop; `None` for never.
        quiet: Whether to show no progress.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: HINet,
        directory: RunDirectory,
        open_images: Callable[[str], Sequence[ImageList]],
        stop_after: float | None = None,
        quiet: bool = False,
    ) -> None:
        super().__init__(recipe, network, directory, open_images, quiet)
        # From now on: decoding and compiling count, where a machine is lent for a time.
        self.end = None if stop_after is None else time.monotonic() + stop_after

    def fit(self, images: Sequence[ImageList]) -> bool:
        """Trains to the last step.

        Args:
            images: The training images.

        Returns:
            Whether the last step was reached; `False` after the time is up, SIGTERM or Ctrl-C.

        Raises:
            ValueError: If the loss or the gradient is not finite any more.
        """
        progress = self.progress
        if progress.done:
            return True
        training = DeviceTraining(self.network, self.recipe, images)
        chain, closing = self.writing_callbacks(
            None,
            training.update_network,
            _SAVE_SECONDS,
            seconds=None if self.end is None else self.end - time.monotonic(),
        )
        chain = keras.callbacks.CallbackList(chain, model=self.network)
        self.network.stop_training = False
        try:
            chain.on_train_begin()
            while not (progress.done or self.network.stop_training):
                first = progress.step
                count = min(self._until_due(), MOST_STEPS)
                # As Keras does for several steps of one execution: the first and the last.
                chain.on_train_batch_begin(first)
                logs = training.run(first, count)
                chain.on_train_batch_end(first + count - 1, logs)
            chain.on_train_end()
        finally:
            for close in closing:
                close()
        return progress.done

    def _until_due(self) -> int:
        """Steps until something happens between two of them."""
        recipe, step = self.recipe, self.progress.step
        intervals = (recipe.log_interval, recipe.validation_interval, recipe.save_interval)
        return min(*(i - step % i for i in intervals), recipe.steps - step)
