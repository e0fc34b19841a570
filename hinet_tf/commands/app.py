"""Shows restorations before and after in the browser, computed by this computer.

    hinet app
    hinet app --model denoise_0.25x dejpeg_0.25x --port 7861
    hinet app --model denoise.keras --local --memory 4G

Files of any format, depth and size that hinet restore takes; the page is open to this computer
alone. Needs `pip install 'hinet-tf[app]'`. `hinet export web` makes a page
that needs no Python. `hinet-app` is the same command.
"""

import argparse
import functools
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hinet_tf.command_line import CommandParser, command_main, load_tensorflow
from hinet_tf.commands.checks import check_model
from hinet_tf.commands.extras import check_extra
from hinet_tf.commands.options import memory_size
from hinet_tf.models.presets.registry import DEFAULT_PRESET


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "app")
    add = parser.add_argument
    model = "as in hinet restore; several to choose from (default: %(default)s)"
    add("--model", nargs="+", default=[DEFAULT_PRESET], metavar="M", help=model)
    add("--local", action="store_true", help="local statistics (TLC), for large images")
    add("--memory", type=memory_size, default="1G", help="for feature maps (default: 1G)")
    add("--port", type=int, default=7860, help="default: %(default)s")
    return parser


def run(args: argparse.Namespace) -> None:
    """Serves the page until Ctrl-C."""
    for model in args.model:
        check_model(model, args.local)
    check_extra("gradio", "The app needs Gradio, which is not installed", "app")
    load_tensorflow()
    with tempfile.TemporaryDirectory(prefix="hinet-app-") as folder:
        # Uploads and results go when the page does.
        os.environ["GRADIO_TEMP_DIR"] = folder
        app = make_app(args.model, args.local, args.memory)
        app.launch(**launch_options(args.port, folder), inbrowser=True)


def launch_options(port: int | None, folder: str) -> dict[str, Any]:
    """How the page is served: to this computer alone, with the fonts that are on it."""
    import gradio

    theme = gradio.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"])
    return {
        "server_name": "127.0.0.1",
        "server_port": port,
        "share": False,
        "theme": theme,
        "allowed_paths": [folder],
        "footer_links": [],
        "ssr_mode": False,
    }


def make_app(models: Sequence[str], local: bool, memory: int) -> Any:
    """The page.

    Args:
        models: Names as `open_model` takes them; opened here, so that a wrong one is said at once.
        local: Whether to convert to local statistics.
        memory: Bytes for the feature maps.

    Returns:
        A `gradio.Blocks`.

    Raises:
        ValueError: If a model cannot be opened.
    """
    import gradio

    from hinet_tf.inference import Restorer
    from hinet_tf.models import open_model

    restorers = {name: Restorer(open_model(name, local), memory=memory) for name in models}
    with gradio.Blocks(title="HINet", analytics_enabled=False) as app:
        gradio.Markdown("# Restore a photo\nEverything is computed on this computer.")
        with gradio.Row():
            model = gradio.Dropdown(list(restorers), value=models[0], label="Model")
            source = gradio.File(label="Photo", type="filepath", height=120)
        slider = gradio.ImageSlider(label="Before and after", format="png", interactive=False)
        status = gradio.Markdown("")
        result = gradio.File(label="Restored file", interactive=False)
        restore = functools.partial(_restore, restorers)
        gradio.on([source.change, model.change], restore, [model, source], [slider, status, result])
    return app


def _restore(restorers: dict[str, Any], name: str, source: str | None) -> tuple[Any, str, Any]:
    """Restores a file; what the page shows of it."""
    import gradio

    from hinet_tf.images.image_file import SUFFIXES, open_image

    if source is None:
        return None, "", None
    path = Path(source)
    suffix = path.suffix.lower() if path.suffix.lower() in SUFFIXES else ".png"
    target = Path(tempfile.mkdtemp(dir=os.environ.get("GRADIO_TEMP_DIR")))
    target /= f"{path.stem}-restored{'.png' if suffix == '.gif' else suffix}"
    begin = time.perf_counter()
    try:
        restorers[name].restore_file(path, target)
        seconds = time.perf_counter() - begin
        before, after = (_shown(open_image(file).read()) for file in (path, target))
    except (ValueError, OSError) as error:
        message = str(error).replace(str(path), path.name)
        raise gradio.Error(message, duration=None, print_exception=False) from error
    height, width = before.shape[:2]
    speed = height * width / 1e6 / seconds
    status = f"{width} × {height} in {seconds:.2f} s, {speed:.2g} megapixels per second"
    return (before, after), status, str(target)


def _shown(pixels: Any) -> Any:
    """Pixels as a browser shows them: 8 bits, RGB."""
    import numpy as np

    from hinet_tf.images.pixel_format import to_uint8

    color = pixels[..., :3] if pixels.shape[-1] >= 3 else np.repeat(pixels[..., :1], 3, -1)
    return to_uint8(color)


main = command_main(run, make_parser)
