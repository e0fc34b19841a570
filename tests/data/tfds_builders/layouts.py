"""Small data in the layouts in which people have the benchmark datasets."""

import zipfile
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image


def save_image(path: Path, seed: int, size=(24, 32)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(values).save(path)


def save_pair(degraded: Path, clean: Path, seed: int, size=(24, 32)) -> None:
    save_image(degraded, 2 * seed, size)
    save_image(clean, 2 * seed + 1, size)


def sidd(root: Path, scenes: int = 2) -> None:
    for scene in range(1, scenes + 1):
        folder = root / "SIDD_Medium_Srgb" / "Data" / f"{scene:04d}_001_S6_00100_00060_3200_L"
        for shot in ("010", "011"):
            names = [f"{scene:04d}_{kind}_SRGB_{shot}.PNG" for kind in ("NOISY", "GT")]
            save_pair(*[folder / name for name in names], 100 * scene + int(shot), (40, 56))
    sidd_blocks(root)


def sidd_blocks(root: Path, shape=(3, 2, 16, 16, 3), dtype=np.uint8) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(("Noisy", "Gt")):
        blocks = np.random.default_rng(number).integers(0, 256, shape).astype(dtype)
        name = f"Validation{kind}BlocksSrgb"
        scipy.io.savemat(root / f"{name}.mat", {name: blocks})


def gopro(root: Path) -> None:
    """As GOPRO_Large.zip unpacks."""
    for split, sequences in {
        "train": ("GOPR0372_07_00", "GOPR0374_11_01"),
        "test": ("X1",),
    }.items():
        for number, sequence in enumerate(sequences):
            for frame in ("000047", "000048"):
                folder = root / "GOPRO_Large" / split / sequence
                seed = 10_000 * (split == "test") + 1000 * number + int(frame)
                save_pair(folder / "blur" / f"{frame}.png", folder / "sharp" / f"{frame}.png", seed)
                save_image(folder / "blur_gamma" / f"{frame}.png", seed + 500_000)


def gopro_mprnet(root: Path) -> None:
    """The same images as `gopro` in MPRNet's copy."""
    gopro(root / "original")
    for split in ("train", "test"):
        for path in sorted((root / "original").rglob(f"{split}/*/*/*.png")):
            kind = {"blur": "input", "sharp": "target"}.get(path.parent.name)
            if kind:
                target = root / split / kind / f"{path.parent.parent.name}-{path.name}"
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
    for path in sorted((root / "original").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def reds(root: Path, flat: bool = False) -> None:
    for part, clips, frames in (("train", 2, 3), ("val", 2, 20)):
        for clip in range(clips):
            for frame in range(frames):
                name = f"{clip:03d}{'_' if flat else '/'}{frame:08d}"
                blur = root / part / f"{part}_blur_jpeg" / f"{name}.jpg"
                sharp = root / part / f"{part}_sharp" / f"{name}.png"
                save_pair(blur, sharp, 10_000 * (part == "val") + 100 * clip + frame)


def rain13k(root: Path, train: str = "train/Rain13K") -> None:
    sets = {train: 3} | {
        f"test/{name}": 1 for name in ("Test100", "Rain100H", "Rain100L", "Test2800", "Test1200")
    }
    for number, (folder, count) in enumerate(sets.items()):
        for image in range(1, count + 1):
            # Of one name: only the pixels tell the sets apart.
            paths = [root / folder / kind / f"{image}.jpg" for kind in ("input", "target")]
            save_pair(*paths, 100 * number + image)


def zipped(root: Path, archive: Path) -> None:
    """Packs a folder and leaves only the archive."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as file:
        for path in files:
            file.write(path, path.relative_to(root))
