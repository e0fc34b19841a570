"""Silence that threads share."""

import logging
import os
import subprocess
import sys
import threading

from hinet_tf.native_log import silenced


def test_the_terminal_comes_back_once_the_last_thread_is_through(capfd):
    """A enters, B enters, A leaves, B leaves: the order that left stderr closed for good."""
    inside, may_leave = threading.Event(), threading.Event()

    def first() -> None:
        with silenced():
            inside.set()
            may_leave.wait(10)

    before, thread = (sys.stdout, sys.stderr), threading.Thread(target=first)
    thread.start()
    assert inside.wait(10)
    with silenced():
        may_leave.set()
        thread.join(10)
        os.write(2, b"native noise")
        print("noise")
    assert (sys.stdout, sys.stderr) == before
    os.write(2, b"heard")
    print("heard")
    assert capfd.readouterr() == ("heard\n", "heard")


def test_a_failure_inside_gives_the_terminal_back(capfd):
    try:
        with silenced(), silenced():
            raise RuntimeError
    except RuntimeError:
        os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_a_logger_made_inside_speaks_afterwards(capfd):
    with silenced():
        handler = logging.StreamHandler()
        handler.emit(logging.makeLogRecord({"msg": "unheard"}))
    handler.emit(logging.makeLogRecord({"msg": "heard"}))
    assert capfd.readouterr().err == "heard\n"


def test_warnings_of_tensorflow_are_lines_and_no_errors_of_logging():
    """TensorFlow keeps the stream that it finds in its import, which is held shut."""
    script = "import hinet_tf, tensorflow as tf; tf.get_logger().warning('heard')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == "WARNING:tensorflow:heard\n"
