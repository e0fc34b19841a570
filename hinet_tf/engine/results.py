"""What a training leaves: its best model on the way, and everything to look at when it ends."""

from pathlib import Path

import numpy as np

from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.progress import TrainingProgress, best_validation
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
            validator.save(temporary)
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
    """Writes the last model, and of the best one pictures and report, with the learning curve.

    Args:
        directory: Where to.
        recipe: The recipe.
        progress: The training's position.
        log: Its records.
        validator: Scores and restores; it holds the best model afterwards.

    Returns:
        A line that says what was reached.
    """
    records = log.records()
    best = best_validation(records)
    with atomic_path(directory / "last.keras") as temporary:
        validator.refresh()
        validator.save(temporary)
    validator.load(directory / "best.keras")
    sessions = JsonLog(directory / "sessions.jsonl").records()
    report = directory / "report.html"
    write_report(report, recipe, records, sessions, validator)
    with atomic_path(directory / "learning_curve.png") as temporary:
        learning_curve(temporary, records)
    draw_pair(directory / "before_after.png", validator, 0)
    log.append({"step": progress.step, "kind": "finished"})
    return (
        f"Trained {progress.step:,} steps. {directory / 'best.keras'}, of step {best['step']:,}: "
        f"validation PSNR {best['psnr']:.2f} dB, {best['gain']:+.2f} dB over its input. "
        f"See {report}"
    )
