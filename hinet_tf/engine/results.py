"""What a training leaves: its best model on the way, and everything to look at when it ends."""

from pathlib import Path

import numpy as np

from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.progress import TrainingProgress
from hinet_tf.engine.report import draw_pair, write_report
from hinet_tf.engine.run_directory import RunDirectory
from hinet_tf.engine.validator import Validator
from hinet_tf.files import atomic_path
from hinet_tf.plots import learning_curve
from hinet_tf.tasks import Recipe


def validate(progress: TrainingProgress, validator: Validator, best: Path) -> dict[str, float]:
    """Scores the network of the moment and saves it if it is the best so far.

    Args:
        progress: The training's position; its scores are updated.
        validator: What scores.
        best: File of the best model.

    Returns:
        The scores for the log: `psnr`, `degraded_psnr` and `gain` in dB.
    """
    results = validator.run()
    progress.psnr = float(np.mean([result.psnr for result in results]))
    progress.degraded_psnr = float(np.mean([result.degraded_psnr for result in results]))
    if progress.best_psnr is None or progress.psnr > progress.best_psnr:
        progress.best_psnr = progress.psnr
        with atomic_path(best) as temporary:
            validator.model.save(temporary)
    return {
        "psnr": progress.psnr,
        "degraded_psnr": progress.degraded_psnr,
        "gain": progress.psnr - progress.degraded_psnr,
    }


def write_results(
    directory: RunDirectory,
    recipe: Recipe,
    progress: TrainingProgress,
    log: JsonLog,
    validator: Validator,
) -> str:
    """Writes the last model, pictures, learning curve and report of a finished training.

    Args:
        directory: Where to.
        recipe: The recipe.
        progress: The training's position.
        log: Its records.
        validator: Scores and restores with the weights of the moment.

    Returns:
        A line that says what was reached.
    """
    records = log.records()
    report = directory / "report.html"
    restorations = write_report(report, recipe, records, validator)
    with atomic_path(directory / "last.keras") as temporary:
        validator.model.save(temporary)
    with atomic_path(directory / "learning_curve.png") as temporary:
        learning_curve(temporary, records)
    draw_pair(directory / "before_after.png", validator, 0)
    log.append({"step": progress.step, "kind": "finished"})
    psnr = np.mean([restoration.psnr for restoration in restorations])
    degraded = np.mean([restoration.degraded_psnr for restoration in restorations])
    return (
        f"Trained {progress.step:,} steps: validation PSNR {psnr:.2f} dB, "
        f"{psnr - degraded:+.2f} dB over its input. See {report}"
    )
