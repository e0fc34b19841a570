"""HINet for systems that still run Keras 2: twins of trained models, and what they train with.

The only place that touches Keras 2. In TensorFlow 2.16 and later that is the package `tf-keras`
(`pip install 'hinet-tf[legacy]'`); in TensorFlow 2.15 it is `tf.keras`, where importing this
package, installed by `pip install --no-deps hinet-tf lazy-loader`, is what `load_model` needs to
read a twin. Importing it switches nobody's Keras.
"""

from hinet_tf.legacy.half_instance_normalization import HalfInstanceNormalization
from hinet_tf.legacy.psnr_loss import PSNRLoss
from hinet_tf.legacy.twin import from_tf_keras, to_tf_keras

__all__ = ["HalfInstanceNormalization", "PSNRLoss", "from_tf_keras", "to_tf_keras"]
