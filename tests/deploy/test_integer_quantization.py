"""Calibrated integer files, and the search for what must stay in float."""

import copy

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

import hinet_tf
from hinet_tf.deploy.graph.rewrite import deployable_graph
from hinet_tf.deploy.tflite.conversion import convert
from hinet_tf.deploy.tflite.integer_quantizer import SENSITIVE, IntegerQuantizer
from hinet_tf.deploy.tflite.recipe_search import search_recipe
from hinet_tf.deploy.tflite.structure import operators, partition_check
from hinet_tf.deploy.tflite.verification_photos import calibration_pairs, crops
from hinet_tf.inference.engines.litert import TFLiteModel
from hinet_tf.metrics.psnr import psnr

SIZE = (64, 64)
FLOOR_MOD = schema.BuiltinOperator.FLOOR_MOD


@pytest.fixture(scope="module")
def content(denoiser):
    return convert(deployable_graph(denoiser), [SIZE])


@pytest.fixture(scope="module")
def photos():
    return [photo.degraded for photo in crops(calibration_pairs(), SIZE, per_photo=2)]


@pytest.fixture(scope="module")
def quantizer(content, photos):
    return IntegerQuantizer(content, 8, {SIZE: photos})


def test_integer_arithmetic_is_close_and_small(content, quantizer, photos):
    quantized = quantizer.quantize()
    # Float16 would make 0.58, since the graph is of one size.
    assert len(quantized) < 0.5 * len(content)
    assert operators(quantized)["QUANTIZE"] > 10
    assert (
        30
        < psnr(TFLiteModel(quantized).restore(photos[0]), TFLiteModel(content).restore(photos[0]))
        < 70
    )


def test_images_stay_float(quantizer, photos):
    restored = TFLiteModel(quantizer.quantize()).restore(photos[0])
    assert restored.dtype == np.float32


def test_integer_convolutions_in_float_surroundings_make_one_partition(quantizer):
    assert partition_check(quantizer.quantize(), ()).passed
    assert partition_check(quantizer.quantize(["/stage1_encoder1_"]), ()).passed


def test_every_signature_is_looked_at(denoiser):
    # The first signature alone is whole; of both together, the second one is not.
    graph, second = deployable_graph(denoiser), (48, 80)
    both = convert(graph, [SIZE, second])
    assert partition_check(both, ()).passed
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(both))
    spoilt = model.subgraphs[1]
    (split,) = [o for o in spoilt.operators if o.outputs[0] == spoilt.outputs[0]]
    code = copy.copy(model.operatorCodes[split.opcodeIndex])
    code.builtinCode, code.deprecatedBuiltinCode = FLOOR_MOD, FLOOR_MOD
    model.operatorCodes.append(code)
    split.opcodeIndex = len(model.operatorCodes) - 1
    split.builtinOptions, split.builtinOptionsType = None, 0
    broken = partition_check(bytes(flatbuffer_utils.convert_object_to_bytearray(model)), ())
    assert not broken.passed and "FLOOR_MOD" in broken.measured


def test_the_search_stops_where_the_budget_holds(denoiser, quantizer, content, photos):
    expected = [TFLiteModel(content).restore(photo) for photo in photos[:2]]

    def drop(candidate):
        found = [TFLiteModel(candidate).restore(photo) for photo in photos[:2]]
        return -np.mean([psnr(a, b) for a, b in zip(found, expected, strict=True)])

    blocks = ["stage1_encoder0", "stage1_down0", "stage2_encoder0", "stage2_decoder0"]
    loose = search_recipe(quantizer, blocks, drop, max_drop=0)
    assert loose.kept_float == SENSITIVE and len(loose.steps) == 1

    everything = quantizer.quantize([f"/{block}_" for block in blocks])
    tight = (loose.steps[0].drop + drop(everything)) / 2
    found = search_recipe(quantizer, blocks, drop, max_drop=tight)
    assert drop(found.content) <= tight
    kept = set(found.kept_float) - set(SENSITIVE)
    assert 0 < len(kept) < len(blocks)
    # One block less does not do: the search is minimal along its ranking.
    fewer = [s for s in found.steps if len(s.float_scopes) == len(SENSITIVE) + len(kept) - 1]
    assert all(step.drop > tight for step in fewer if step.description.startswith("the "))
    assert all(found.kept_float[scope] for scope in kept)


@pytest.mark.slow
def test_a_budget_out_of_reach_fails_the_export(denoiser, tmp_path):
    with pytest.raises(ValueError, match="was not written"):
        hinet_tf.export_tflite(denoiser, tmp_path / "n.tflite", [SIZE], "int8", max_drop=-1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("quantization", ["int8", "int16x8"])
def test_integer_exports_restore(denoiser, tmp_path, quantization, photos):
    path = tmp_path / "integer.tflite"
    report = hinet_tf.export_tflite(denoiser, path, [SIZE], quantization, max_drop=0.5)
    assert not report.failed
    expected = denoiser(photos[0][None])["restored"][0].numpy()
    assert psnr(TFLiteModel(path).restore(photos[0]), expected) > 30
    if quantization == "int8":
        page = path.with_suffix(".html").read_text()
        assert "What stayed in float" in page and "supervised attention" in page


@pytest.mark.parametrize(
    "quantization", ["int8_dynamic", pytest.param("int8", marks=pytest.mark.slow)]
)
def test_a_channel_out_of_proportion_costs_nothing(denoiser, tmp_path, photos, quantization):
    """One large channel of eight would leave the others of the map three bits."""
    spoilt = denoiser.rebuilt()
    for layer in spoilt.layers:
        if layer.name.startswith(("stage1_encoder", "stage2_encoder")):
            gamma, kernel = layer.normalization.gamma, layer.conv_2.kernel
            factors = np.where(np.arange(kernel.shape[2]) == 1, 16.0, 1.0)
            gamma.assign(gamma * factors[: gamma.shape[0]])
            layer.normalization.beta.assign(layer.normalization.beta * factors[: gamma.shape[0]])
            kernel.assign(kernel / factors[:, None])
    expected = denoiser(photos[0][None])["restored"][0].numpy()
    found = {}
    for name, model in (("plain", denoiser), ("spoilt", spoilt)):
        path = tmp_path / f"{name}.tflite"
        report = hinet_tf.export_tflite(model, path, [SIZE], quantization, max_drop=0.5)
        assert not report.failed
        found[name] = psnr(TFLiteModel(path).restore(photos[0]), expected)
    assert found["spoilt"] > found["plain"] - 1
