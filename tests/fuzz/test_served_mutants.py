"""Damaged files through a SavedModel: each a reason or an image, and no neighbour disturbed."""

import random

import pytest
import tensorflow as tf

from hinet_tf import HINet, export_saved_model
from tests.fuzz.mutants import image_files, mutant

BATCHES, DAMAGED = 30, 10


@pytest.fixture(scope="module")
def restore(tmp_path_factory):
    """The serving signature, from contents of files to restored files and reasons."""
    model = HINet(width=2, depth=2, hin_levels=(0,))
    served = tf.saved_model.load(
        str(export_saved_model(model, tmp_path_factory.mktemp("served")).path)
    )

    def answer(contents):
        result = served.signatures["serving_default"](image_bytes=tf.constant(contents))
        return result["restored_bytes"].numpy().tolist(), result["error"].numpy().tolist()

    return answer


def test_each_gets_a_reason_or_an_image_and_a_whole_file_what_it_gets_alone(restore):
    # What the graph decodes: no TIFF.
    files = [file for file in image_files() if file[:2] not in (b"II", b"MM")]
    rng, whole = random.Random(5), files[0]
    alone = restore([whole])[0][0]
    answered = 0
    for _ in range(BATCHES):
        contents = [mutant(rng, files) for _ in range(DAMAGED)]
        place = rng.randrange(DAMAGED + 1)
        contents.insert(place, whole)
        restored, reasons = restore(contents)
        assert restored[place] == alone and not reasons[place]
        assert all(
            bool(image) != bool(reason) for image, reason in zip(restored, reasons, strict=True)
        )
        answered += sum(map(bool, restored)) - 1
    assert 0 < answered < BATCHES * DAMAGED / 2
