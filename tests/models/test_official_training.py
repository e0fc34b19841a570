"""The first steps of the official training, weight for weight, through `train_on_batch`."""

import keras
import numpy as np
import pytest
from keras import ops

from hinet_tf import HINet
from hinet_tf.losses import PSNRLoss
from hinet_tf.models.official_layout import official_tensors
from hinet_tf.models.torch_checkpoint import assign_official_tensors
from hinet_tf.optimizers import Adam, CosineDecay


def channels_last(x):
    return x.transpose(0, 2, 3, 1)


@pytest.mark.parametrize(
    "name, loss, loss_weight",
    [("psnr", PSNRLoss(), 0.5), ("l1", keras.losses.MeanAbsoluteError(), None)],
)
def test_four_steps_equal_the_official_ones(golden, name, loss, loss_weight):
    reference = golden(f"official_training_{name}_wf2.npz")
    model = HINet(width=2)
    assign_official_tensors(
        model, {key[5:]: reference[key] for key in reference if key.startswith("init/")}
    )
    beta_1, beta_2 = map(float, reference["betas"])
    schedule = CosineDecay(2e-4, int(reference["total_steps"]), float(reference["eta_min"]))
    optimizer = Adam(schedule, beta_1, beta_2, global_clipnorm=float(reference["clip"]))
    model.compile(optimizer, loss=loss, loss_weights=loss_weight)

    for step in range(4):
        assert float(optimizer.learning_rate) == pytest.approx(
            reference["learning_rates"][step], rel=1e-6
        )
        x, y = (channels_last(reference[key][step]) for key in ("inputs_nchw", "targets_nchw"))
        scores = model.train_on_batch(x, y, return_dict=True)
        model.reset_metrics()
        assert scores["loss"] == pytest.approx(reference["losses"][step], abs=1e-4)
        assert float(ops.convert_to_numpy(optimizer.gradient_norm)) == pytest.approx(
            reference["grad_norms"][step], rel=1e-4
        )

    differences = np.concatenate(
        [
            np.abs(tensor.official_value - reference[f"final/{tensor.name}"]).ravel()
            for tensor in official_tensors(model)
        ]
    )
    assert differences.size == model.count_params()
    # Biases ahead of instance normalization have no true gradient; rounding moves them.
    assert (differences < 1e-6).mean() > 0.999
    assert differences.max() < 1e-4
    restored = model(channels_last(reference["inputs_nchw"][0]))["restored"]
    expected = channels_last(reference["final_out2_nchw"])
    np.testing.assert_allclose(ops.convert_to_numpy(restored), expected, atol=1e-5)
