import pytest

from hinet_tf.command_line import CommandParser, UsageError, run_command


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


def test_a_wrong_option_is_one_line_and_exit_code_2(capsys):
    parser = CommandParser("Does it.\n\n    do it\n", prog="do")
    parser.add_argument("--task", choices=("denoise", "deblur"))
    with pytest.raises(SystemExit) as exit_:
        parser.parse_args(["--task", "superres"])
    assert exit_.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: argument --task: invalid choice: 'superres' (choose from")
    assert error.endswith("; see do --help\n") and error.count("\n") == 1
    assert "Does it.\n" in parser.format_help() and "    do it\n" in parser.format_help()
