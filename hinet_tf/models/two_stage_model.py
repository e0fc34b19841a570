"""What training means for a model that restores an image twice, from one target."""

from collections.abc import Iterable
from typing import Any

import keras
from keras import ops

from hinet_tf.metrics import PSNR
from hinet_tf.models.keras_2 import is_of_keras_2

# What the model returns by name; the first is the result, the other an early one.
OUTPUTS = ("restored", "stage1")


class TwoStageModel(keras.Model):
    """A Keras model with the outputs `stage1` and `restored`, trained from one target or two.

    One loss is taken of both images and summed; losses by name, with `loss_weights` by name,
    are taken as they are named. The target of one image is that of both, unless it comes by
    name. Metrics in a list look at the restored image and keep their names (`psnr`,
    `val_psnr`); metrics by name are called `restored_psnr` or `stage1_psnr`.

    Example:
    >>> model = hinet_tf.HINet(width=4)
    >>> model.compile(
    ...     "adam",
    ...     loss={"stage1": "mae", "restored": "mse"},
    ...     loss_weights={"stage1": 0.1, "restored": 1.0},
    ... )
    """

    _metrics_by_output = False

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        **kwargs: Any,
    ) -> None:
        """Configures training as `keras.Model.compile`; `metrics` defaults to `[PSNR()]`.

        Raises:
            ValueError: If losses, weights or metrics of both outputs come without their names, or
                the optimizer or loss is of Keras 2.
        """
        for argument, value in (("optimizer", optimizer), ("loss", loss)):
            _check_of_keras_3(argument, value)
        _check_by_name("loss", loss, isinstance(loss, (list, tuple)))
        _check_by_name("loss_weights", loss_weights, isinstance(loss_weights, (list, tuple)))
        for argument, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            nested = isinstance(value, (list, tuple)) and any(
                isinstance(entry, (list, tuple)) for entry in value
            )
            _check_by_name(argument, value, nested)
        if isinstance(loss_weights, dict) and not isinstance(loss, dict):
            loss = dict.fromkeys(loss_weights, loss)
        metrics = [PSNR()] if metrics is None else metrics
        self._metrics_by_output = isinstance(metrics, dict) or isinstance(weighted_metrics, dict)
        if self._metrics_by_output:
            metrics, weighted_metrics = _of_restored(metrics), _of_restored(weighted_metrics)
        super().compile(optimizer, loss, loss_weights, metrics, weighted_metrics, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles a loaded model as it was compiled when saved."""
        # Keras does this only for models that keep its own `compile`.
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The compiled loss: of the outputs it names, or summed over both (`PSNR_1 + PSNR_2`)."""
        if isinstance(self.loss, dict):
            targets = _by_output("y", y, self.loss)
            weights = None
            if sample_weight is not None:
                weights = _by_output("sample_weight", sample_weight, self.loss)
            images = {output: y_pred[output] for output in self.loss}
            return super().compute_loss(x, targets, images, weights, training)
        if isinstance(y, dict) and len(y) == 1:
            (output,) = _checked("y", y)
            return self._stage_loss(output, x, y, y_pred, sample_weight, training)
        return ops.add(*self.stage_losses(x, y, y_pred, sample_weight, training))

    def stage_losses(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None, training: bool = True
    ) -> tuple[Any, Any]:
        """The compiled loss of `stage1` and of `restored`, whose sum is trained on."""
        first, second = (
            self._stage_loss(output, x, y, y_pred, sample_weight, training)
            for output in ("stage1", "restored")
        )
        return first, second

    def _stage_loss(
        self, output: str, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool
    ) -> Any:
        target = _by_output("y", y, [output])[output]
        if isinstance(sample_weight, dict):
            sample_weight = _by_output("sample_weight", sample_weight, [output])[output]
        return super().compute_loss(x, target, y_pred[output], sample_weight, training)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """The compiled metrics: of the outputs that they name, or of the restored image."""
        if self._metrics_by_output:
            targets = _checked("y", y) if isinstance(y, dict) else dict.fromkeys(OUTPUTS, y)
            # Keras asks for a target of each output, and uses those that have metrics.
            y = {output: targets.get(output) for output in OUTPUTS}
        else:
            y, y_pred = _by_output("y", y, ["restored"])["restored"], y_pred["restored"]
            if isinstance(sample_weight, dict):
                sample_weight = sample_weight.get("restored")
        return super().compute_metrics(x, y, y_pred, sample_weight)


def _by_output(argument: str, value: Any, outputs: Iterable[str]) -> dict[str, Any]:
    """The value of each output; what comes without names belongs to all of them."""
    if isinstance(value, dict):
        missing = [output for output in outputs if output not in _checked(argument, value)]
        if missing:
            raise ValueError(
                f"`{argument}` lacks {', '.join(missing)}, which has a loss or a metric. Received: "
                f"{', '.join(value)}. Give it, or name the outputs in `loss` and `metrics`."
            )
        return {output: value[output] for output in outputs}
    if isinstance(value, (list, tuple)):
        raise ValueError(
            f"`{argument}` holds one image, or images by name. Received: a "
            f"{type(value).__name__} of {len(value)}. Use {{'stage1': ..., 'restored': ...}}."
        )
    return dict.fromkeys(outputs, value)


def _check_of_keras_3(argument: str, value: Any) -> None:
    if is_of_keras_2(value):
        raise ValueError(
            f"`{argument}` is an object of Keras 2, and HINet a model of Keras 3. Received: "
            f"{type(value).__name__} of tf_keras. Take it from `keras` or `hinet_tf`, or train the "
            "Keras 2 twin: hinet_tf.legacy.to_tf_keras(model)."
        )


def _check_by_name(argument: str, value: Any, nameless: bool) -> None:
    if nameless:
        raise ValueError(
            f"`{argument}` of both outputs is given by name. Received: a {type(value).__name__}. "
            "Use {'stage1': ..., 'restored': ...}."
        )
    if isinstance(value, dict):
        _checked(argument, value)


def _checked(argument: str, value: dict[str, Any]) -> dict[str, Any]:
    unknown = [str(name) for name in value if name not in OUTPUTS]
    if unknown:
        raise ValueError(
            f"`{argument}` names outputs that there are not. Received: {', '.join(unknown)}. "
            f"Expected: {', '.join(OUTPUTS)}."
        )
    return value


def _of_restored(metrics: Any) -> Any:
    return metrics if isinstance(metrics, dict) or not metrics else {"restored": metrics}
