"""What a quantized training rounds is what the exporter rounds, and gradients pass by it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from hinet_tf import HINet
from hinet_tf.deploy.graph.rewrite import deployable_graph
from hinet_tf.deploy.tflite.conversion import convert, convolutions
from hinet_tf.deploy.tflite.integer_quantizer import IntegerQuantizer, float_scopes
from hinet_tf.layers import FakeQuantization, QuantizedTrainingPolicy
from hinet_tf.layers.fake_quantization import FULL_RESOLUTION_LAYERS, stays_float
from hinet_tf.layers.quantized_training_policy import QUANTIZED_RECIPES
from hinet_tf.tasks.recipe import QUANTIZED

SIZE = (32, 32)
LAYER, DYNAMIC_LAYER = "stage1_encoder1/conv_2", "stage1_encoder0/conv_2"
# Of a narrow network blocks at full resolution stay in float, of a wide one they do not.
NARROW, WIDE = 8, 16


@pytest.fixture(scope="module", params=[NARROW, WIDE])
def network(request):
    """A network with a kernel of ties, of a channel of zeros, and of any other values."""
    keras.utils.set_random_seed(1)
    width = request.param
    model = HINet(width=width, depth=2)
    kernel = model.get_layer("stage1_encoder1").conv_2.kernel
    values = np.random.default_rng(1).normal(size=kernel.shape).astype("float32")
    # A largest value of 127 makes the step 1.
    values[..., :4] = np.random.default_rng(2).integers(-20, 20, (*kernel.shape[:3], 4)) + 0.5
    values[0, 0, 0, :4] = 127
    values[..., 4] = 0
    kernel.assign(values)
    model.get_layer("stage1_encoder0").conv_2.kernel.assign(values[..., :width, :width])
    return model


@pytest.fixture(scope="module")
def files(network):
    graph = deployable_graph(network)
    photo = np.random.default_rng(0).uniform(size=(*SIZE, 3)).astype("float32")
    scopes = float_scopes(network.width)
    quantizer = IntegerQuantizer(convert(graph, [SIZE]), 8, {SIZE: [photo]}, float_scopes=scopes)
    dynamic = [f"/{layer}_" for layer in FULL_RESOLUTION_LAYERS if f"/{layer}_" not in scopes]
    return {
        "int8": quantizer.quantize(dynamic),
        "int8_dynamic": convert(graph, [SIZE], weight_bytes=1),
    }


def kernel_in(content, layer):
    """The kernel of a layer in a file, as the numbers that its integers stand for."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    (graph,) = model.subgraphs
    name = "_1/".join(layer.split("/")) + "_1/convolution"
    (tensor,) = [t for t in graph.tensors if t.name.decode().endswith(name)]
    integers = model.buffers[tensor.buffer].data.view(np.int8).reshape(tensor.shape)
    steps = np.asarray(tensor.quantization.scale, np.float32).reshape(-1, 1, 1, 1)
    return (integers * steps).transpose(1, 2, 3, 0)


def test_kernels_are_rounded_as_in_the_files(network, files):
    kernel = network.get_layer("stage1_encoder1").conv_2.kernel.value
    rounded = {}
    for recipe, content in files.items():
        rounded[recipe] = FakeQuantization(recipe, (0, 1, 2)).kernel(kernel).numpy()
        np.testing.assert_array_equal(rounded[recipe], kernel_in(content, LAYER))
    assert (rounded["int8"] != rounded["int8_dynamic"]).any(), "no tie was met"
    if stays_float(DYNAMIC_LAYER.split("/")[0], network.width):
        return
    # Where its input is scaled while it runs, a kernel is rounded as all others of the recipe.
    kernel = network.get_layer("stage1_encoder0").conv_2.kernel.value
    rounded = FakeQuantization("int8", (0, 1, 2), dynamic=True).kernel(kernel)
    np.testing.assert_array_equal(rounded, kernel_in(files["int8"], DYNAMIC_LAYER))


def test_each_convolution_has_the_integers_that_it_has_in_the_file(network, files):
    model = network.rebuilt(dtype=QuantizedTrainingPolicy("int8"))
    trained = {
        layer.path: "dynamic" if layer.integers.dynamic else "constant"
        for layer in model._flatten_layers()
        if getattr(layer, "integers", None)
    }
    content = files["int8"]
    file = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    (graph,) = file.subgraphs
    found = {}
    operators = [
        o
        for o in graph.operators
        if file.operatorCodes[o.opcodeIndex].builtinCode == schema.BuiltinOperator.CONV_2D
    ]
    for (layer, _), operator in zip(convolutions(content), operators, strict=True):
        image, kernel = (graph.tensors[i].type for i in operator.inputs[:2])
        if kernel == schema.TensorType.INT8:
            found[layer] = "constant" if image == schema.TensorType.INT8 else "dynamic"
    assert found == trained
    kinds = {"constant"} if network.width == NARROW else {"dynamic", "constant"}
    assert set(trained.values()) == kinds


def test_gradients_pass_straight_through_but_not_beyond_the_range():
    layer = FakeQuantization("int8", (0, 1, 2))
    layer.ranges["input"].assign([-1.0, 1.55, 1])
    x = tf.constant([-2.0, -0.503, 0.0, 0.004, 1.2, 3.0])[None, :, None, None]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, tensor="input")
    np.testing.assert_allclose(y[0, :, 0, 0], [-1, -0.5, 0, 0, 1.2, 1.55], atol=1e-6)
    assert tape.gradient(y, x)[0, :, 0, 0].numpy().tolist() == [0, 1, 1, 1, 1, 0]

    kernel = tf.constant(np.random.default_rng(0).normal(size=(3, 3, 4, 8)), tf.float32)
    for recipe in QUANTIZED:
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            rounded = FakeQuantization(recipe, (0, 1, 2)).kernel(kernel)
        assert not np.allclose(rounded, kernel, atol=1e-4)
        assert (tape.gradient(rounded, kernel).numpy() == 1).all()


def test_dynamic_ranges_are_those_of_each_image_with_zero():
    x = np.array([[0.0, 0.3, 2.55], [0.5, 0.301, 0.255]], "float32").reshape(2, 3, 1, 1)
    y = FakeQuantization("int8_dynamic", (0, 1, 2))(x, tensor="input").numpy().reshape(2, 3)
    np.testing.assert_allclose(y[0], [0, 0.3, 2.55], atol=1e-6)
    step = 0.5 / 255
    np.testing.assert_allclose(y[1], [0.5, 154 * step, 130 * step], atol=1e-6)


def test_ranges_are_moving_averages_that_begin_with_the_first_batch():
    layer = FakeQuantization("int8", (0, 1, 2), memory=3)
    flat = np.linspace(-1, 3, 4096, dtype="float32").reshape(4, 32, 32, 1)
    mean = 0.0
    for batches, size in enumerate([1, 2, 6, 5, 9], start=1):
        layer(size * flat, tensor="input", training=True)
        mean += (size - mean) / min(batches, 3)
        expected = [-mean, 3 * mean, min(batches, 3)]
        np.testing.assert_allclose(layer.ranges["input"], expected, rtol=1e-6)
    layer(90 * flat, tensor="input")
    np.testing.assert_allclose(layer.ranges["input"], expected, rtol=1e-6)
    assert layer.ranges["output"].numpy().tolist() == [0, 0, 0]


def test_few_large_values_do_not_widen_a_range():
    layer = FakeQuantization("int8", (0, 1, 2))
    x = np.random.default_rng(1).standard_t(4, size=(4, 32, 32, 8)).astype("float32")
    x = x.repeat(2, axis=1).repeat(2, axis=2)

    def error():
        return np.mean((layer(x, tensor="input").numpy() - x) ** 2)

    errors = []
    for part in np.linspace(0.3, 1, 8):
        layer.ranges["input"].assign([part * x.min(), part * x.max(), 1])
        errors.append(error())
    layer.ranges["input"].assign([0, 0, 0])
    layer(x, tensor="input", training=True)
    assert error() == pytest.approx(min(errors), rel=1e-4) and min(errors) < errors[-1]


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_sensitive_and_narrow_layers_and_nothing_else_stay_in_float(width):
    model = HINet(width=width, dtype=QuantizedTrainingPolicy("int8"))
    exact = {
        layer.path.split("/")[0]
        for layer in model._flatten_layers()
        if getattr(layer, "integers", 0) is None
    }
    sensitive = {"attention", "stage1_input", "stage2_input", "stage2_mix", "stage2_output"}
    narrow = {"stage1_encoder0", "stage1_decoder0", "stage2_encoder0", "stage2_decoder0"}
    assert exact == (sensitive | narrow if width == NARROW else sensitive)


def test_a_policy_of_no_integers_is_refused():
    assert QUANTIZED == QUANTIZED_RECIPES
    with pytest.raises(ValueError, match=r"one of int8_dynamic, int8\. Received: 'float16'"):
        QuantizedTrainingPolicy("float16")
