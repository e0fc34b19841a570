"""What several tests of training interrupt."""

import contextlib
import os
import signal

import pytest

from hinet_tf.engine import callbacks


@pytest.fixture
def terminated_in_the_third_step(monkeypatch):
    """A context in which a training gets SIGTERM while it makes its third step."""
    begin = callbacks.CountSteps.on_train_batch_begin

    def terminate(self, batch, logs=None):
        begin(self, batch, logs)
        if self.progress.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    @contextlib.contextmanager
    def context():
        with monkeypatch.context() as patch:
            patch.setattr(callbacks.CountSteps, "on_train_batch_begin", terminate)
            yield

    return context
