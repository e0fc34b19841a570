"""What a command refuses because an optional package is not installed."""

import importlib.util
from collections.abc import Iterable

from hinet_tf.command_line import UsageError
from hinet_tf.deploy.tflite.recipes import QUANTIZATION_RECIPES


def check_extra(package: str, needed: str, extra: str) -> None:
    """Refuses what an extra of this package brings, before TensorFlow starts.

    Args:
        package: Name by which the optional package is imported.
        needed: What needs it, in the user's words: `"--wandb needs the package wandb"`.
        extra: The extra that installs it.

    Raises:
        UsageError: If it is not installed.

    Example:
    >>> check_extra("json", "--json needs the package json", "json")
    """
    if importlib.util.find_spec(package) is None:
        raise UsageError(f"{needed}: pip install 'hinet-tf[{extra}]'")


def check_quantizer(recipes: Iterable[str]) -> None:
    """Refuses values of `--quantization` that only AI Edge Quantizer can make.

    Args:
        recipes: Names in `QUANTIZATION_RECIPES`.

    Raises:
        UsageError: If there is one among them and it is not installed.
    """
    for name in recipes:
        if QUANTIZATION_RECIPES[name].needs_quantizer:
            needed = f"--quantization {name} needs the package ai-edge-quantizer"
            check_extra("ai_edge_quantizer", needed, "tflite")


def check_hub(name: str) -> None:
    """Refuses presets of Hugging Face and Kaggle without the hub's client.

    Args:
        name: The value of `--model` or `--init`.

    Raises:
        UsageError: If it is such an address, and the client is not installed.
    """
    clients = {"hf": ("huggingface_hub", "huggingface-hub"), "kaggle": ("kagglehub", "kagglehub")}
    scheme = name.partition("://")[0]
    if scheme in clients:
        package, distribution = clients[scheme]
        check_extra(package, f"{name} needs the package {distribution}", "hub")
