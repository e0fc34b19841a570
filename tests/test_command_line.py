import pytest

from hinet_tf.command_line import UsageError, run_command


def raising(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    "error, code",
    [
        (ValueError("two\n  lines"), 1),
        (FileNotFoundError(2, "No such file", "photo.png"), 1),
        (UsageError("--patch 100"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(capsys, error, code):
    assert run_command(raising(error)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1


def test_a_defect_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run_command(raising(ZeroDivisionError()))


def test_success_is_zero():
    assert run_command(lambda: None) == 0
    assert run_command(lambda: 1) == 1
