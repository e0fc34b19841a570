"""Trains HINet on one accelerator with JAX, without TensorFlow.

    hinet train-on-device --task denoise --data DIR --scale 0.25 --precision bfloat16
    hinet train-on-device --task deblur --data DIR,DIR --set shares=9,1
    hinet train-on-device --task denoise --data DIR --stop-after 540

The same recipes, layers, losses, run directories and options as `hinet train`; either program
goes on with the other's run. The images are decoded once, held in the accelerator's memory, and
cut, degraded and turned there. It takes images in folders (8 bits per value), one device, and the
precisions float32 and bfloat16. The same command again resumes; --stop-after ends it in time on a
machine that is lent. In a checkout, training/train_on_device.py is the same command.
"""

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any

from hinet_tf.command_line import CommandParser, UsageError, command_main
from hinet_tf.commands.options import add_quiet_option
from hinet_tf.commands.recipe_options import add_recipe_arguments, recipe_from
from hinet_tf.commands.train import finished_before, train_in_directory


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "train-on-device")
    add_recipe_arguments(parser)
    # `auto` would start TensorFlow to ask a GPU, and what JAX gains from bfloat16 was not measured.
    parser.set_defaults(precision="float32")
    parser.add_argument(
        "--stop-after", type=float, metavar="SECONDS", help="save and stop after so long"
    )
    add_quiet_option(parser)
    return parser


def run(args: argparse.Namespace) -> None:
    """Trains as the command line says."""
    recipe = recipe_from(args)
    if recipe.precision == "float16":
        raise UsageError(
            "Precision float16 needs a loss scale, which only hinet train has. Use bfloat16."
        )
    if importlib.util.find_spec("jax") is None:
        raise UsageError(
            "Training on the device needs JAX: pip install jax, or jax[cuda12] for a GPU; or use "
            "hinet train."
        )
    if finished_before(args, recipe):
        return
    os.environ["KERAS_BACKEND"] = "jax"
    # Keras looks for TensorFlow's types when it saves a model, and would import it to do so.
    sys.modules.setdefault("tensorflow", None)
    # Late, so that a wrong command is answered at once.
    from hinet_tf.data.sources.image_list import open_image_lists
    from hinet_tf.engine import recipe_parts
    from hinet_tf.engine.on_device.session import DeviceSession

    def make_session(directory: Any, open_images: Callable[[str], Any]) -> DeviceSession:
        network = recipe_parts.build_plain_network(recipe)
        return DeviceSession(recipe, network, directory, open_images, args.stop_after, args.quiet)

    train_in_directory(args, recipe, open_image_lists, make_session)


main = command_main(run, make_parser)
