"""The hinet-restore command: folders, collisions, bad files, a stop in the middle."""

import json
import os
import resource

import numpy as np
import pytest
from PIL import Image

from hinet_tf.commands import restore as restore_command
from hinet_tf.commands.collect_files import collect_jobs


@pytest.fixture(scope="module")
def model(tmp_path_factory, tiny):
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    tiny.save(path)
    return str(path)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.jpg", "sub/c.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (24, 40, 3), np.uint8)).save(folder / name)
    (folder / "notes.txt").write_text("no image")
    return folder


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_folder_structure_is_kept(photos, model, tmp_path, capsys):
    out = tmp_path / "out"
    assert restore_command.main([str(photos), "--model", model, "--out", str(out)]) == 0
    assert names(out) == ["a.png", "b.jpg", "sub/c.png"]
    assert "3 restored, 0 failed, 0 skipped" in capsys.readouterr().err


def test_pattern_suffix_format_and_figure(photos, model, tmp_path):
    out = tmp_path / "out"
    pattern = str(photos / "**" / "*.png")
    options = ["--suffix", "_x", "--format", "webp", "--figure", "--fast", "--local"]
    assert restore_command.main([pattern, "--model", model, "--out", str(out), *options]) == 0
    found = names(out)
    assert found == ["a_x.webp", "a_x_compare.png", "c_x.webp", "c_x_compare.png"]


def test_existing_results(photos, model, tmp_path, capsys):
    out = tmp_path / "out"
    command = [str(photos), "--model", model, "--out", str(out)]
    assert restore_command.main(command) == 0
    (out / "a.png").write_bytes(b"mine")
    assert restore_command.main(command) == 2
    assert "--skip-existing or --overwrite" in capsys.readouterr().err
    (out / "b.jpg").unlink()
    assert restore_command.main([*command, "--skip-existing"]) == 0
    assert (out / "a.png").read_bytes() == b"mine" and (out / "b.jpg").exists()
    assert restore_command.main([*command, "--overwrite"]) == 0
    assert Image.open(out / "a.png").size == (40, 24)


def test_output_inside_the_input_is_not_restored_again(photos, model):
    out = photos / "restored"
    command = [str(photos), "--model", model, "--out", str(out), "--overwrite"]
    assert restore_command.main(command) == 0
    assert restore_command.main(command) == 0
    assert names(out) == ["a.png", "b.jpg", "sub/c.png"]


def test_results_beside_their_sources_are_not_restored_again(photos, model, capsys):
    command = [str(photos), "--model", model, "--out", str(photos), "--suffix", "_restored"]
    assert restore_command.main(command) == 0
    once = names(photos)
    assert once.count("a_restored.png") == 1 and len(once) == 7
    assert restore_command.main([*command, "--skip-existing"]) == 0
    assert names(photos) == once
    # Named by hand it is a source as any other, which no result may replace.
    by_hand = [str(photos / "a_restored.png"), *command[1:]]
    assert restore_command.main([str(photos / "a.png"), *by_hand, "--overwrite"]) == 2
    assert "which is to be restored as well" in capsys.readouterr().err
    assert restore_command.main(by_hand) == 0
    assert "a_restored_restored.png" in names(photos)


@pytest.mark.parametrize("expanded", [True, False], ids=["by the shell", "by us"])
def test_a_pattern_that_finds_the_results_leaves_them_out(photos, model, expanded):
    (photos / "notes.txt").unlink()
    inputs = sorted(map(str, photos.iterdir())) if expanded else [str(photos / "*")]
    command = ["--model", model, "--out", str(photos / "out"), "--overwrite"]
    assert restore_command.main([*inputs, *command]) == 0
    inputs = sorted(map(str, photos.iterdir())) if expanded else [str(photos / "*")]
    assert restore_command.main([*inputs, *command]) == 0
    assert names(photos / "out") == ["a.png", "b.jpg", "c.png"]


@pytest.mark.parametrize("link_to", ["nowhere.jpg", "link.jpg"], ids=["nothing", "itself"])
def test_a_link_that_leads_nowhere_fails_by_itself(photos, model, tmp_path, capsys, link_to):
    (photos / "link.jpg").symlink_to(link_to)
    command = ["--model", model, "--out", str(tmp_path / "out"), "--overwrite"]
    for inputs, restored in ((photos, 3), (photos / "*.*g", 2), (photos / "link.jpg", 0)):
        assert restore_command.main([str(inputs), *command]) == 1
        said = capsys.readouterr().err
        assert f"failed: {photos / 'link.jpg'}: No such file; check its name." in said
        assert f"{restored} restored, 1 failed" in said


def test_a_folder_that_may_not_be_read_fails_by_itself(
    photos, model, tmp_path, capsys, monkeypatch
):
    # A superuser may read any.
    scandir, access = os.scandir, os.access

    def refused(path="."):
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    monkeypatch.setattr(
        os, "access", lambda path, mode: not str(path).endswith("sub") and access(path, mode)
    )
    assert restore_command.main([str(photos), "--model", model, "--out", str(tmp_path / "a")]) == 1
    said = capsys.readouterr().err
    assert f"failed: {photos / 'sub'}: No permission to read it" in said
    assert "2 restored, 1 failed" in said
    alone = [str(photos / "sub"), "--model", model, "--out", str(tmp_path / "b")]
    assert restore_command.main(alone) == 1
    assert capsys.readouterr().err == f"error: {photos / 'sub'}: Permission denied.\n"


def test_what_is_left_alone_is_counted(photos, model, tmp_path, capsys):
    (photos / ".git").mkdir()
    for name in ("a.heic", "sub/b.HEIC", "c.avif", "d", ".hidden", ".git/hidden"):
        (photos / name).touch()
    restore_command.main([str(photos), "--model", model, "--out", str(tmp_path / "out")])
    assert "of no format that is read: 2 .heic, " in (said := capsys.readouterr().err)
    assert all(kind in said for kind in ("1 .avif", "1 .txt", "1 d")) and "hidden" not in said


def test_a_result_is_a_file_where_the_system_knows_no_types(photos, monkeypatch):
    monkeypatch.setattr("mimetypes.guess_type", lambda name: (None, None))
    (job,) = collect_jobs([str(photos / "a.png")], photos / "restored.webp")
    assert job.target == photos / "restored.webp"


def test_figures_take_no_other_place(photos, model, tmp_path, capsys):
    command = ["--model", model, "--out", str(tmp_path / "out"), "--figure"]
    Image.open(photos / "a.png").save(photos / "b.png")
    assert restore_command.main([str(photos), *command]) == 2
    assert "b_compare.png, which belongs to" in capsys.readouterr().err
    (photos / "b.png").rename(photos / "a_compare.png")
    assert restore_command.main([str(photos), *command]) == 2
    assert "a_compare.png, which belongs to" in capsys.readouterr().err
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b_compare.png").write_bytes(b"mine")
    assert restore_command.main([str(photos / "b.jpg"), *command]) == 2
    assert "b_compare.png exists already" in capsys.readouterr().err
    assert names(tmp_path / "out") == ["b_compare.png"]


def test_a_name_that_is_no_utf8_reaches_the_report(photos, model, tmp_path):
    bad = photos / os.fsdecode(b"caf\xe9.png")
    (photos / "a.png").rename(bad)
    report = tmp_path / "report.json"
    command = [str(photos), "--model", model, "--out", str(tmp_path / "out"), "--json"]
    assert restore_command.main([*command, str(report)]) == 1
    outcomes = {entry["source"]: entry["status"] for entry in json.loads(report.read_text())}
    assert outcomes[str(bad)] == "failed" and len(outcomes) == 3


def test_names_do_not_move_the_cursor(photos, model, tmp_path, capsys):
    (photos / "0\n\x1b[31mred.png").write_bytes(b"")
    (photos / "a.\x1b[31mkind").write_bytes(b"")
    out = tmp_path / "out"
    assert restore_command.main([str(photos), "--model", model, "--out", str(out)]) == 1
    errors = capsys.readouterr().err
    assert "\x1b[31m" not in errors
    assert [line for line in errors.splitlines() if "red.png" in line] == [
        line for line in errors.splitlines() if line.startswith("failed: ")
    ]


def test_bad_files_do_not_stop_the_others(photos, model, tmp_path, capsys):
    (photos / "0.png").write_bytes(b"")
    (photos / "b.jpg").write_bytes((photos / "b.jpg").read_bytes()[:300])
    out = tmp_path / "out"
    assert restore_command.main([str(photos), "--model", model, "--out", str(out)]) == 1
    errors = capsys.readouterr().err.splitlines()
    failed = [line for line in errors if line.startswith("failed: ")]
    assert len(failed) == 2 and "0 bytes" in failed[0] and "b.jpg" in failed[1]
    assert "2 restored, 2 failed" in errors[-1] and errors[-1].endswith(f" -> {out}")
    assert names(out) == ["a.png", "sub/c.png"]


def test_nothing_restored_names_no_result(model, tmp_path, capsys):
    (tmp_path / "0.png").write_bytes(b"")
    command = [str(tmp_path / "0.png"), "--model", model, "--out", str(tmp_path / "out.png")]
    assert restore_command.main(command) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("0 restored, 1 failed, 0 skipped in ") and last.endswith(" s")


def test_animation_warns_and_restores_the_first_frame(model, tmp_path, capsys):
    frames = [Image.new("RGB", (24, 24), color) for color in ("red", "green", "blue")]
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:])
    command = [str(tmp_path / "in.gif"), "--model", model, "--out", str(tmp_path / "out")]
    assert restore_command.main(command) == 0
    assert "3 pages, restoring the first" in capsys.readouterr().err
    assert names(tmp_path / "out") == ["in.png"]


def test_ctrl_c_leaves_finished_files_only(photos, model, tmp_path, monkeypatch, capsys):
    from hinet_tf.inference.restorer import Restorer

    original, calls = Restorer.restore_rows, []

    def stop_in_the_second_file(self, *args):
        calls.append(1)
        yield from original(self, *args)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Restorer, "restore_rows", stop_in_the_second_file)
    out = tmp_path / "out"
    assert restore_command.main([str(photos), "--model", model, "--out", str(out)]) == 130
    assert [p.name for p in out.rglob("*")] == ["a.png"]
    assert "1 restored" in capsys.readouterr().err


# 2,880 bytes of pixels: the disk is full while they are collected, or while they are encoded.
@pytest.mark.parametrize(("suffix", "space"), [("png", 500), ("png", 2900), ("tif", 2900)])
def test_full_disk_is_one_line_per_file(photos, model, tmp_path, capsys, suffix, space):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    out = tmp_path / "out"
    command = [str(photos), "--model", model, "--out", str(out), "--format", suffix]
    # Files end early, as on a full disk. Python ignores the signal, so that the write fails.
    resource.setrlimit(resource.RLIMIT_FSIZE, (space, limits[1]))
    try:
        assert restore_command.main(command) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    errors = capsys.readouterr().err
    assert "3 failed" in errors and "Traceback" not in errors
    assert len([line for line in errors.splitlines() if line.startswith("failed: ")]) == 3
    assert names(out) == []


def test_no_permission_to_write_is_one_line(photos, model, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    user = os.geteuid()
    # Root may write anywhere, nobody (65534) may not.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    if user == 0:
        os.seteuid(65534)
    try:
        code = restore_command.main([str(photos / "a.png"), "--model", model, "--out", str(out)])
    finally:
        os.seteuid(user)
    errors = capsys.readouterr().err
    assert code == 1 and "ermission" in errors and "Traceback" not in errors
    assert names(out) == []


def test_output_folder_that_is_a_file(photos, model, tmp_path, capsys):
    (tmp_path / "out").write_text("a file")
    out = str(tmp_path / "out")
    assert restore_command.main([str(photos), "--model", model, "--out", out]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.png", "--model", "{model}"], 2, "No such file, folder or pattern"),
        (["{photos}", "--model", "missing.keras"], 2, "No such model file"),
        (["{photos}", "--model", "{model}", "--tile", "100"], 2, "multiple of 16"),
        (["{photos}", "--model", "{photos}"], 2, "neither a SavedModel"),
    ],
)
def test_mistakes(photos, model, tmp_path, capsys, arguments, code, message):
    arguments = [a.format(model=model, photos=photos) for a in arguments]
    out = str(tmp_path / "out")
    assert restore_command.main([*arguments, "--out", out]) == code
    errors = capsys.readouterr().err
    assert message in errors and "Traceback" not in errors


def test_collisions(photos, model, capsys):
    (photos / "a.jpg").write_bytes((photos / "b.jpg").read_bytes())
    out = str(photos.parent / "out")
    command = [str(photos), "--model", model, "--format", "png", "--out", out]
    assert restore_command.main(command) == 2
    assert "would both become" in capsys.readouterr().err
    assert restore_command.main([str(photos), "--model", model, "--out", str(photos)]) == 2
    assert "replace its own source" in capsys.readouterr().err
