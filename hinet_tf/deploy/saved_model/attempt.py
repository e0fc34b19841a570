"""`try` and `except` for graphs."""

from collections.abc import Callable

import tensorflow as tf


def attempt(
    function: Callable[[tf.Tensor], tf.Tensor], argument: tf.Tensor, default: tf.Tensor
) -> tf.Tensor:
    """The value of a function, or a default where it raises.

    A dataset that ignores errors is the only place where a graph survives one.

    Args:
        function: From one tensor to one of the default's type.
        argument: What it is called with.
        default: The value if it raises.

    Returns:
        One or the other.
    """
    attempted = tf.data.Dataset.from_tensors(argument).map(function).ignore_errors()
    return attempted.concatenate(tf.data.Dataset.from_tensors(default)).take(1).get_single_element()
