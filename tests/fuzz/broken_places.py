"""Breaks the product in places that matter and shows that a quick test finds each.

python tests/fuzz/broken_places.py [PLACE...]; minutes. What it breaks it mends again.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# fmt: off
# The place: file, what stands there, what it becomes, and the test that must find it.
PLACES = {
    "optimizer epsilon": ("optimizers/adam.py",
        "self.epsilon * correction_2", "self.epsilon", "optimizers/test_adam.py"),
    "clip before the sum of gradients": ("optimizers/adam.py",
        'if keras.backend.backend() == "tensorflow":', "if False:", "models/test_fit_replicas.py"),
    "order of channels": ("images/image_file.py",
        "reshape(rows, width, channels)", "reshape(rows, width, channels)[..., ::-1]",
        "images/test_reader.py"),
    "EXIF orientation": ("images/image_file.py",
        'load("random").autorot()', 'load("random")', "inference/test_restore_file.py"),
    "tile weights": ("inference/tiling.py",
        "*= 1 - fade_in[:shared]", "*= fade_in[:shared]", "inference/test_tiling.py"),
    "resume position": ("data/pipeline.py",
        "range(start_step * per_shard, ", "range(0, ", "data/test_pipeline.py"),
    "seed of the degradation": ("data/pipeline.py",
        "fold_in(seed, random_numbers.DEGRADE)", "fold_in(7, 7)", "data/test_pipeline.py"),
    "normalization's variance": ("layers/half_instance_normalization.py",
        "rsqrt(variance + self", "rsqrt(variance * 1.01 + self",
        "layers/test_half_instance_normalization.py"),
    "normalization's gradient": ("layers/half_instance_normalization.py",
        "x * whole(on_x, zeros) + ", "", "layers/test_half_instance_gradient.py"),
    "features past the supervised attention": ("layers/supervised_attention.py",
        "* gate + features,", "* gate,", "models/test_torch_checkpoint.py"),
    "inputs of the cross-stage fusion": ("layers/cross_stage_fusion.py",
        "encoder, decoder = inputs", "decoder, encoder = inputs",
        "models/test_torch_checkpoint.py"),
    "loss of both stages": ("models/two_stage_model.py",
        'in ("stage1", "restored")\n', 'in ("restored", "restored")\n', "models/test_hinet.py"),
    "decay of the moving average": ("engine/recipe_parts.py",
        '"ema_momentum": recipe.ema', '"ema_momentum": 0.99',
        "training/test_train.py::test_moving_average_is_what_is_saved_and_keep_every_keeps"),
    "files under another name until they are whole": ("files.py",
        "temporary = workspace / target.name", "temporary = target", "test_files.py"),
    "verification of exports": ("deploy/tflite/verification.py",
        "drop <= self.max_drop", "True",
        "deploy/test_tflite.py::test_an_export_that_loses_too_much_leaves_nothing"),
}
# fmt: on


def break_at(place: str) -> str:
    """The line of the test that found the fault; empty if none did."""
    name, sound, broken, test = PLACES[place]
    file = ROOT / "hinet_tf" / name
    content = file.read_text(encoding="utf-8")
    if sound not in content:
        raise SystemExit(f"{name} holds no {sound!r} any more: mend the table of {__file__}.")
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"tests/{test}"]
    try:
        file.write_text(content.replace(sound, broken), encoding="utf-8")
        output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    finally:
        file.write_text(content, encoding="utf-8")
    return next((line for line in output.splitlines() if line.startswith("FAILED")), "")


if __name__ == "__main__":
    found = {}
    for place in sys.argv[1:] or PLACES:
        found[place] = break_at(place)
        print(f"{place}: {found[place] or 'NOT FOUND'}", flush=True)
    raise SystemExit(not all(found.values()))
