"""The sides that `gpu.py` compares: each one builds a network and gives the work to be timed.

A process serves one of `SIDES`, because the backend of Keras is fixed for a process: it reads a
piece of work as a line of JSON and answers with a line. No side needs TensorFlow.
"""

import functools
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

# Runs that are timed: at least so many, then until the seconds or the runs are used up.
_LEAST_RUNS, _MOST_RUNS = 3, 30
_SECONDS = {"cuda": 1.0, "cpu": 2.0}
_MEGABYTE = 1e6


class Work(NamedTuple):
    """What is timed.

    Args:
        network: `"hinet"` or a task of `mprnet.SIZES`.
        scale: Of a HINet; its width is 64 times that.
        kind: `"restore"` or `"train"`.
        size: Width x height of an image, such as `"1280x720"`.
        batch: Images in one call.
        precision: `"float32"` or `"bfloat16"`.
    """

    network: str
    scale: float
    kind: str
    size: str
    batch: int
    precision: str

    def images(self, channels_first: bool) -> np.ndarray:
        """Random images in [0, 1]."""
        width, height = (int(side) for side in self.size.split("x"))
        shape = (3, height, width) if channels_first else (height, width, 3)
        return np.random.default_rng(0).random((self.batch, *shape), "float32")


class Job(NamedTuple):
    """A call that returns when the device is done, and the megabytes it takes there if known."""

    run: Callable[[], Any]
    megabytes: Callable[[], float] = lambda: _resident_peak()


def keras_on_jax(work: Work, device: str) -> Job:
    """This project's network, compiled by XLA as `hinet train-on-device` compiles it."""
    import jax

    if device == "cuda" and jax.default_backend() != "gpu":
        raise RuntimeError(f"JAX runs on {jax.default_backend()!r} and not on the GPU")
    model = _keras_model(work.scale, work.precision)
    images = jax.device_put(work.images(channels_first=False))
    weights, others = ([v.value for v in some] for some in _keras_variables(model))

    def restore(weights, others, images):
        outputs, _ = model.stateless_call(weights, others, images, training=False)
        return outputs["restored"]

    def losses(weights, others, images):
        outputs, _ = model.stateless_call(weights, others, images, training=True)
        return sum(model.loss(images, image) for image in outputs.values())

    def train(weights, others, optimizer, images):
        loss, gradients = jax.value_and_grad(losses)(weights, others, images)
        weights, optimizer = model.optimizer.stateless_apply(optimizer, gradients, weights)
        return weights, optimizer, loss

    if work.kind == "restore":
        compiled = jax.jit(restore).lower(weights, others, images).compile()
        run = lambda: jax.block_until_ready(compiled(weights, others, images))  # noqa: E731
    else:
        # Copies: a step takes the memory of the last one's state for itself.
        state = jax.tree.map(
            jax.numpy.copy, [weights, [v.value for v in model.optimizer.variables]]
        )
        step = jax.jit(train, donate_argnums=(0, 2))
        compiled = step.lower(state[0], others, state[1], images).compile()

        def run():
            state[0], state[1], loss = compiled(state[0], others, state[1], images)
            return jax.block_until_ready(loss)

    if device == "cpu":
        return Job(run)
    # JAX's own peak cannot be set back; what the program needs is known exactly.
    plan = compiled.memory_analysis()
    needed = plan.argument_size_in_bytes + plan.output_size_in_bytes - plan.alias_size_in_bytes
    return Job(run, lambda: (needed + plan.temp_size_in_bytes) / _MEGABYTE)


def keras_on_torch(work: Work, device: str) -> Job:
    """This project's network as Keras runs it on PyTorch."""
    import torch

    model = _keras_model(work.scale, work.precision)
    images = torch.from_numpy(work.images(channels_first=False)).to(device)
    if work.kind == "train":
        return _torch_job(lambda: model.train_on_batch(images, images), device)

    def restore():
        with torch.inference_mode():
            return model(images, training=False)["restored"]

    return _torch_job(restore, device)


def plain_torch(work: Work, device: str, channels_last: bool = False, fused: bool = False) -> Job:
    """The same network, or MPRNet, in plain PyTorch; bfloat16 is autocast."""
    import torch

    torch.backends.cudnn.benchmark = True
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = _torch_network(work.network, work.scale, device).to(memory_format=layout)
    torch.compiler.reset()  # Else a second size would be compiled for sizes of any kind.
    call = torch.compile(network, dynamic=False) if fused else network
    images = torch.from_numpy(work.images(channels_first=True)).to(device, memory_format=layout)
    low = torch.autocast(device, torch.bfloat16, enabled=work.precision == "bfloat16")

    def restore():
        with torch.inference_mode(), low:
            return call(images)

    if work.kind == "restore":
        return _torch_job(restore, device)
    optimizer = torch.optim.Adam(network.parameters(), 2e-4, betas=(0.9, 0.99))

    def psnr_loss(restored):
        error = (restored.float() - images).square().mean((1, 2, 3))
        return 10 / float(np.log(10)) * (error + 1e-8).log().mean()

    def train():
        optimizer.zero_grad()
        with low:
            outputs = call(images)
        sum(psnr_loss(image) for image in outputs).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.01)
        optimizer.step()

    return _torch_job(train, device)


SIDES = {
    "Keras on JAX": keras_on_jax,
    "Keras on PyTorch": keras_on_torch,
    "PyTorch": plain_torch,
    "PyTorch, channels-last": functools.partial(plain_torch, channels_last=True),
    "PyTorch, compiled": functools.partial(plain_torch, channels_last=True, fused=True),
}
BACKENDS = {"Keras on JAX": "jax", "Keras on PyTorch": "torch"}


def measure(side: str, work: Work, device: str) -> dict[str, float]:
    """Median seconds of a run and its peak memory.

    On a CPU the seconds are processor time, which other work on the machine changes least, and
    the memory is that of the process.
    """
    clock = time.process_time if device == "cpu" else time.perf_counter
    job = SIDES[side](work, device)
    job.run()
    _forget_peak(device)
    seconds = []
    while len(seconds) < _LEAST_RUNS or (
        sum(seconds) < _SECONDS[device] and len(seconds) < _MOST_RUNS
    ):
        start = clock()
        job.run()
        seconds.append(clock() - start)
    median = statistics.median(seconds)
    return {"seconds": median, "images": work.batch / median, "megabytes": job.megabytes()}


def serve(side: str, device: str) -> None:
    """Answers each line of standard input; frameworks' own output goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            answer = measure(side, Work(*json.loads(line)), device)
        except Exception as error:  # Whatever a framework raises: the other rows still count.
            answer = {"error": _reason(error)}
        answers.write(json.dumps(answer) + "\n")
        _give_back(device)


@functools.cache
def _keras_model(scale: float, precision: str) -> Any:
    from hinet_tf import HINet
    from hinet_tf.losses import PSNRLoss
    from hinet_tf.optimizers import Adam

    policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    model = HINet(width=round(64 * scale), dtype=policy)
    model.compile(Adam(2e-4), loss=PSNRLoss())
    model.optimizer.build(model.trainable_variables)
    return model


def _keras_variables(model: Any) -> tuple[Any, Any]:
    return model.trainable_variables, model.non_trainable_variables


@functools.lru_cache(maxsize=1)
def _torch_network(network: str, scale: float, device: str) -> Any:
    from mprnet import MPRNet
    from torch_hinet import TorchHINet

    built = TorchHINet(round(64 * scale)) if network == "hinet" else MPRNet(network)
    return built.to(device)


def _torch_job(run: Callable[[], Any], device: str) -> Job:
    import torch

    if device == "cpu":
        return Job(run)

    def synchronized():
        run()
        torch.cuda.synchronize()

    return Job(synchronized, lambda: torch.cuda.max_memory_allocated() / _MEGABYTE)


def _forget_peak(device: str) -> None:
    if device == "cpu":
        # 5 sets the kernel's mark of the largest resident size back (proc(5)).
        Path("/proc/self/clear_refs").write_text("5")
    elif "torch" in sys.modules:
        sys.modules["torch"].cuda.reset_peak_memory_stats()


def _resident_peak() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / _MEGABYTE


def _give_back(device: str) -> None:
    # Another network's weights would count in the next one's peak; JAX's on a GPU is a plan's.
    if device == "cpu" or "torch" in sys.modules:
        _keras_model.cache_clear()
        gc.collect()
    if device == "cuda" and "torch" in sys.modules:
        sys.modules["torch"].cuda.empty_cache()


def _reason(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}"
    if "out of memory" in text.lower() or "RESOURCE_EXHAUSTED" in text:
        return "out of memory"
    return " ".join(text.split())[:100]
