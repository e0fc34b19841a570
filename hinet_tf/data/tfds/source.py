"""Prepared TFDS datasets as sources."""

import os

from hinet_tf.data.sources.record_source import RecordSource

# Names of the splits that datasets use for what is called train, val and test here.
_SPLITS = {"train": ("train",), "val": ("validation", "val", "test"), "test": ("test",)}


def open_tfds(name: str, split: str = "train") -> list[RecordSource]:
    """Opens a TFDS dataset for training or validation, and prepares it if that is still to do.

    The four benchmark datasets of this package, and any other dataset with features `input` and
    `target`, or `image` for clean images to be degraded on the fly.

    Args:
        name: Name as for `tfds.load`, such as `"gopro"`.
        split: `"train"`, `"val"` or `"test"`. Without a validation split the test split is
            taken, and the other way round; Rain13k's five test sets are opened together.

    Returns:
        One source for each of the dataset's splits that is meant.

    Raises:
        ValueError: If the dataset is unknown, not downloaded, or has no such images.
    """
    import tensorflow_datasets as tfds

    import hinet_tf.data.tfds  # noqa: F401, which makes them known to TFDS

    try:
        # TFDS itself reads the variable only once, when it is imported.
        builder = tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
        builder.download_and_prepare(file_format="tfrecord")
    # TFDS raises AssertionError for missing manual downloads and for its own checks.
    except (AssertionError, tfds.core.DatasetNotFoundError) as error:
        raise ValueError(f"tfds:{name} cannot be prepared: {error}") from error
    clean, degraded = _features(builder.info.features, name)
    plain = not isinstance(builder.info.features[clean], tfds.features.Image)
    sources = []
    for part in _matching(list(builder.info.splits), split, name):
        files = [str(path) for path in builder.info.splits[part].filepaths]
        title = f"{name}/{part}"
        sources.append(RecordSource(files, clean, degraded, plain_pixels=plain, title=title))
    return sources


def _features(features, name: str) -> tuple[str, str | None]:
    if {"input", "target"} <= set(features):
        return "target", "input"
    if "image" in features:
        return "image", None
    raise ValueError(
        f"tfds:{name} has the features {', '.join(features)}; expected input and target, or image."
    )


def _matching(available: list[str], split: str, name: str) -> list[str]:
    found = [part for part in _SPLITS[split] if part in available][:1]
    if not found and split != "train":
        # Test sets with names of their own, as Rain13k's; else the other held-out split.
        found = [part for part in available if part != "train"]
    if not found:
        raise ValueError(f"tfds:{name} has the splits {', '.join(available)} and none for {split}.")
    return found
