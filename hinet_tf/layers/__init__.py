"""The building stones of HINet, usable in any Keras model on any Keras backend."""

from hinet_tf.layers.convolution import Convolution
from hinet_tf.layers.cross_stage_fusion import CrossStageFusion
from hinet_tf.layers.decoder_block import DecoderBlock
from hinet_tf.layers.encoder_block import EncoderBlock
from hinet_tf.layers.fake_quantization import FakeQuantization
from hinet_tf.layers.half_instance_normalization import HalfInstanceNormalization
from hinet_tf.layers.local_half_instance_normalization import LocalHalfInstanceNormalization
from hinet_tf.layers.quantized_training_policy import QuantizedTrainingPolicy
from hinet_tf.layers.supervised_attention import SupervisedAttention
from hinet_tf.layers.transposed_convolution import TransposedConvolution

__all__ = [
    "Convolution",
    "CrossStageFusion",
    "DecoderBlock",
    "EncoderBlock",
    "FakeQuantization",
    "HalfInstanceNormalization",
    "LocalHalfInstanceNormalization",
    "QuantizedTrainingPolicy",
    "SupervisedAttention",
    "TransposedConvolution",
]
