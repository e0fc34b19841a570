"""The data of the presets: sizes, what is held back, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from training.presets import lay_out_data


@pytest.fixture
def source(tmp_path):
    """Fourteen photos, one of them in two sizes, ten noisy pairs and two blurred frames."""
    folder = tmp_path / "data"
    rows = ["task,set,degraded,clean,license"]

    def write(path, width):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(len(rows)).integers(0, 256, (width // 2, width, 3), np.uint8)
        # What is degraded is dark.
        pixels //= 2 if "/in/" in path else 1
        Image.fromarray(pixels).save(folder / path)
        return path

    rows += [f"clean,a,,{write(f'a/{n:02}.png', 64)},CC0" for n in range(14)]
    rows.append(f"clean,b,,{write('b/00.png', 1200)},CC0")
    for task, name, count in (
        ("denoise", "sidd_val65", 10),
        ("deblur", "gopro14", 2),
        ("deblur", "reds60", 2),
    ):
        for n in range(count):
            paths = [write(f"{name}/{side}/{name}{n:02}.png", 64) for side in ("in", "out")]
            rows.append(f"{task},{name},{paths[0]},{paths[1]},MIT")
    (folder / "manifests").mkdir()
    (folder / "manifests" / "train.csv").write_text("\n".join(rows) + "\n")
    return folder


def run(source, target):
    return lay_out_data.main(["--from", str(source), "--to", str(target)])


def test_layout(source, tmp_path):
    out = tmp_path / "out"
    assert run(source, out) == 0
    # The larger file of a photo counts, and small photos are not enlarged.
    sizes = {p.stem: Image.open(p).size for p in (out / "photos/train").glob("00_*.png")}
    assert sizes == {f"00_{side}": (side, side // 2) for side in (1024, 768, 512, 384)}
    assert Image.open(out / "photos/train/01_384.png").size == (64, 32)
    assert [p.name for p in (out / "photos/val").iterdir()] == ["12_768.png"]
    assert len(list((out / "sidd/train/input").iterdir())) == 6
    held_back = sorted(p.name for p in (out / "sidd/val/target").iterdir())
    assert held_back == [f"sidd_val65_sidd_val65{n:02}_1.png" for n in range(6, 10)]
    frames = sorted(p.name for p in (out / "motion/train/input").iterdir())
    assert frames == [*(f"gopro14_gopro1400_{n}.png" for n in (1, 2, 4)), "reds60_reds6000_1.png"]
    assert len(list((out / "motion/val/target").iterdir())) == 2
    small = {p.stem for p in (out / "small/train").iterdir()}
    assert {f"00_{side}" for side in (448, 320)} <= small
    # The sharp frames of the pairs that train, without those that validate.
    sharp = {name for name in small if name.startswith(("gopro", "reds"))}
    assert sharp == {*(f"gopro14_gopro1400_{n}" for n in (2, 4)), "reds60_reds6000_1"}
    for name in sharp:
        frame, target, blurred = (
            np.asarray(Image.open(out / folder / f"{name}.png"))
            for folder in ("small/train", "motion/train/target", "motion/train/input")
        )
        np.testing.assert_array_equal(frame, target)
        assert blurred.mean() < 0.6 * frame.mean()
    assert [p.name for p in (out / "small/val").iterdir()] == ["12_320.png"]


def test_what_is_scored_does_not_train(source, tmp_path, capsys):
    """By its content: another name, size and format hide no test image."""
    manifests, out = source / "manifests", tmp_path / "out"
    crops = [source / f"sidd_crops/{side}/yd_00.png" for side in ("in", "out")]
    rng = np.random.default_rng(99)
    for path in crops:
        path.parent.mkdir(parents=True)
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(path)
    with (manifests / "train.csv").open("a") as file:
        file.write("denoise,sidd_crops,sidd_crops/in/yd_00.png,sidd_crops/out/yd_00.png,MIT\n")
    (manifests / "eval.csv").write_text("task,set,degraded,clean,license\n")
    assert run(source, out) == 0
    assert not [path for path in out.rglob("*") if "yd_00" in path.name]

    photo = Image.open(source / "b/00.png").resize((640, 320), Image.Resampling.LANCZOS)
    photo.save(source / "other.jpg", quality=80)
    row = "clean,kodak24,,other.jpg,none\n"
    (manifests / "eval.csv").write_text(f"task,set,degraded,clean,license\n{row}")
    assert run(source, tmp_path / "second") == 2
    error = capsys.readouterr().err.strip()
    assert f"{source / 'b/00.png'} shows the test image other.jpg" in error
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize(
    ("damage", "code", "message"),
    [
        (lambda d: (d / "a/03.png").unlink(), 2, "a/03.png, which is not there"),
        (lambda d: (d / "manifests/train.csv").unlink(), 2, "expected a folder with manifests"),
        (lambda d: (d / "manifests/train.csv").write_text("task,set\n"), 2, "clean, degraded"),
        (lambda d: (d / "a/03.png").write_bytes(b"no image"), 1, "a/03.png cannot be read"),
    ],
)
def test_mistakes_are_one_line(source, tmp_path, capsys, damage, code, message):
    damage(source)
    assert run(source, tmp_path / "out") == code
    errors = capsys.readouterr().err.strip()
    assert message in errors and len(errors.splitlines()) == 1
