"""Training steps that never leave the accelerator, on Keras' JAX backend."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from hinet_tf.data.on_device.batch import Samples, make_batch, sample_numbers
from hinet_tf.data.on_device.packed_images import pack_images
from hinet_tf.data.on_device.sample_order import HostSampleOrder
from hinet_tf.data.sources.image_list import ImageList
from hinet_tf.engine import recipe_parts
from hinet_tf.losses import PSNRLoss
from hinet_tf.models import HINet
from hinet_tf.tasks import Recipe

_LOGS = ("loss", "loss_stage1", "loss_restored", "psnr", "gradient_norm")
# Steps of a call at most: decides how much is told to the device at once.
MOST_STEPS = 200
# Weights, what else the network holds, and the optimizer's variables.
State = tuple[list[Any], list[Any], list[Any]]


class DeviceTraining:
    """Trains a network on images in the accelerator's memory, many steps in one call.

    A step cuts, degrades and turns its patches, and trains on them, in one compiled program; the
    host only says which samples come. What a step computes depends on the recipe and its number
    alone, and is what `train.py` computes, up to rounding.

    Args:
        network: The compiled network, as `recipe_parts.build_plain_network` makes it.
        recipe: The recipe.
        lists: The training images.
    """

    def __init__(self, network: HINet, recipe: Recipe, lists: Sequence[ImageList]) -> None:
        self.network = network
        self.recipe = recipe
        self._lengths = [len(images) for images in lists]
        self._order = HostSampleOrder(self._lengths, recipe.shares, recipe.seed)
        self._images = pack_images(lists)
        self._kinds = tuple(sorted({images.paired for images in lists}))
        self._degradation = recipe_parts.build_degradation(recipe)
        self._loss = recipe_parts.build_loss(recipe)
        self._norm = [v.path for v in network.optimizer.variables].index(
            network.optimizer.gradient_norm.path
        )
        self._compiled = jax.jit(self._steps, donate_argnums=0)
        self._state: State | None = None

    def run(self, step: int, count: int) -> dict[str, float]:
        """Makes steps.

        Args:
            step: Number of the first one.
            count: How many, at most `MOST_STEPS`.

        Returns:
            Means over the steps: `loss`, `loss_stage1`, `loss_restored`, `psnr` of the restored
            patches, and `gradient_norm` before the clip.
        """
        if self._state is None:
            # Copies: the compiled steps take the memory of what they are given for themselves.
            self._state = jax.tree.map(jnp.copy, self._variables(lambda v: v.value))
        samples = sample_numbers(self._order, self._lengths, step, count, self.recipe.batch)
        # One shape, and with it one program, for any number of steps.
        missing = MOST_STEPS - count
        padded = Samples(*(np.pad(a, ((0, missing), *[(0, 0)] * (a.ndim - 1))) for a in samples))
        self._state, sums = self._compiled(self._state, self._images, padded, np.int32(count))
        # The schedule that callbacks read counts by it.
        self.network.optimizer.iterations.assign(step + count)
        return {key: float(value) / count for key, value in jax.device_get(sums).items()}

    def update_network(self) -> None:
        """Brings weights, moving averages and optimizer from the device into the network."""
        if self._state is not None:
            pairs = zip(self._variables(lambda v: v), self._state, strict=True)
            for variables, values in pairs:
                for variable, value in zip(variables, jax.device_get(values), strict=True):
                    variable.assign(value)

    def _variables(self, of: Any) -> State:
        network = self.network
        kinds = (network.trainable_variables, network.non_trainable_variables)
        return tuple([of(v) for v in some] for some in (*kinds, network.optimizer.variables))

    def _steps(self, state: State, images: Any, samples: Samples, count: Any) -> Any:
        def one(number: Any, carry: Any) -> Any:
            state, sums = carry
            state, logs = self._step(state, images, Samples(*(part[number] for part in samples)))
            return state, {key: sums[key] + logs[key] for key in _LOGS}

        sums = dict.fromkeys(_LOGS, jnp.zeros(()))
        return jax.lax.fori_loop(0, count, one, (state, sums))

    def _step(self, state: State, images: Any, samples: Samples) -> tuple[State, dict[str, Any]]:
        recipe = self.recipe
        batch = make_batch(
            images,
            samples,
            self._degradation,
            recipe.patch,
            recipe.augmentation,
            recipe.seed,
            self._kinds,
        )
        weights, others, optimizer = state
        gradients, (logs, others) = self._averaged_gradients(weights, others, batch)
        weights, optimizer = self.network.optimizer.stateless_apply(optimizer, gradients, weights)
        return (weights, others, optimizer), {**logs, "gradient_norm": optimizer[self._norm]}

    def _averaged_gradients(self, weights: Any, others: Any, batch: Any) -> tuple[Any, Any]:
        """Gradients, logs and what else moved, from equal parts of a batch one after the other."""
        parts = self.recipe.accumulate

        def gradients(others: Any, batch: Any) -> tuple[Any, Any]:
            return jax.grad(self._losses, has_aux=True)(weights, others, *batch)

        if parts == 1:
            return gradients(others, batch)
        batch = jax.tree.map(lambda x: x.reshape(parts, x.shape[0] // parts, *x.shape[1:]), batch)

        def add(carry: Any, part: Any) -> tuple[Any, None]:
            sums, others = carry
            found, (logs, others) = gradients(others, part)
            return (jax.tree.map(jnp.add, sums, (found, logs)), others), None

        zeros = jax.tree.map(jnp.zeros_like, (weights, dict.fromkeys(_LOGS[:-1], jnp.zeros(()))))
        (sums, others), _ = jax.lax.scan(add, (zeros, others), batch)
        found, logs = jax.tree.map(lambda total: total / parts, sums)
        return found, (logs, others)

    def _losses(self, weights: Any, others: Any, degraded: Any, clean: Any) -> tuple[Any, Any]:
        outputs, others = self.network.stateless_call(weights, others, degraded, training=True)
        teacher = self.network.teacher
        targets = teacher(degraded) if teacher else {"stage1": clean, "restored": clean}
        first, second = (self._loss(targets[k], outputs[k]) for k in ("stage1", "restored"))
        restored = keras.ops.clip(outputs["restored"], 0.0, 1.0)
        psnr = -keras.ops.mean(PSNRLoss(reduction="none")(clean, restored))
        logs = {"loss": first + second, "loss_stage1": first, "loss_restored": second, "psnr": psnr}
        return first + second, (logs, others)
