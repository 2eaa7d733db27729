"""How long a training step takes: Detectron2's own trainer as it comes, and the workbench's loop, turn by turn.

python benchmarks/training_step.py [ROW …] [--rounds 10]

Two processes hold the same model, the same weights and the same batches in fp32, and take turns step by step, so that
whatever else the machine does hits both. Medians of wall and of processor seconds; the losses must be equal.
"""

import argparse
import multiprocessing
import os
import warnings
from multiprocessing.connection import Connection
from statistics import median
from time import perf_counter, process_time
from typing import Any

SIZES = {"mask_rcnn_r50": (2, 480), "mask_rcnn_lite0": (4, 352), "mask_rcnn_nano": (4, 192)}
SIDES = ("detectron2", "workbench")
WARM_UP = 2


def draw_batch(count: int, size: int, seed: int) -> list[dict[str, Any]]:
    """Draw images with six ellipses each, as Detectron2's mapper hands them out."""
    import numpy as np
    import torch
    from detectron2.structures import Boxes, Instances, PolygonMasks

    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    batch = []
    for _ in range(count):
        coarse = torch.from_numpy(rng.uniform(0, 255, (1, 3, size // 16, size // 16)).astype("float32"))
        image = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")[0].to(torch.uint8)
        middle, half = rng.uniform(0.2, 0.8, (6, 1, 2)) * size, rng.uniform(0.04, 0.18, (6, 1, 2)) * size
        rings = middle + half * np.stack([np.cos(turn), np.sin(turn)], -1)
        truth = Instances((size, size))
        truth.gt_boxes = Boxes(
            torch.tensor(np.concatenate([rings.min(1), rings.max(1)], 1), dtype=torch.float32)
        )
        truth.gt_classes = torch.zeros(6, dtype=torch.int64)
        truth.gt_masks = PolygonMasks([[ring.reshape(-1)] for ring in rings])
        batch.append({"image": image, "height": size, "width": size, "instances": truth})
    return batch


def settle(model: Any, batch: list[dict[str, Any]]) -> None:
    """Give frozen normalisation the statistics of a batch: with random weights it has none, and losses explode."""
    import torch
    from detectron2.layers import FrozenBatchNorm2d

    def measure(layer: Any, given: Any) -> None:
        variance, mean = torch.var_mean(given[0], (0, 2, 3))
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(variance)

    layers = [layer for layer in model.modules() if isinstance(layer, FrozenBatchNorm2d)]
    hooks = [layer.register_forward_pre_hook(measure) for layer in layers]
    with torch.no_grad():
        model.backbone(model.preprocess_image(batch).tensor)
    for hook in hooks:
        hook.remove()


def build(row: str) -> tuple[Any, Any, list[list[dict[str, Any]]]]:
    """Return the model with random weights, its config, and four batches."""
    import torch

    from workbench.engine.models.build import build_model, row_config
    from workbench.engine.models.table import find_model

    cfg = row_config(find_model(row))
    cfg.MODEL.WEIGHTS, cfg.MODEL.ROI_HEADS.NUM_CLASSES, cfg.SOLVER.BASE_LR = "", 1, 1e-4
    torch.manual_seed(0)
    model = build_model(cfg)
    batches = [draw_batch(*SIZES[row], seed) for seed in range(4)]
    settle(model, batches[0])
    return model, cfg, batches


def run_detectron2(row: str) -> Any:
    """Yield the loss of each step of Detectron2's SimpleTrainer, which DefaultTrainer drives."""
    from detectron2.engine import SimpleTrainer
    from detectron2.solver import build_optimizer
    from detectron2.utils.events import EventStorage

    from workbench.engine.training.loop import seed_everything

    model, cfg, batches = build(row)
    trainer = SimpleTrainer(model, batches, build_optimizer(cfg, model))
    with EventStorage(0) as storage:
        trainer.storage = storage
        for step in range(10**6):
            trainer.iter = storage.iter = step
            trainer._data_loader_iter_obj = iter([batches[step % 4]])
            seed_everything(0, step, 0)
            trainer.run_step()
            yield float(storage.latest()["total_loss"][0])


def run_workbench(row: str) -> Any:
    """Yield the loss of each step of the workbench's loop."""
    from itertools import cycle
    from types import SimpleNamespace

    import torch

    from workbench.engine.training.loop import Stride, train
    from workbench.engine.training.precision import choose_precision
    from workbench.engine.training.ranks import Ranks
    from workbench.engine.training.schedule import build_optimizer
    from workbench.engine.training.speed import tune_model, tune_process
    from workbench.engine.training.state import State
    from workbench.engine.training.stop import Stop

    tune_process()
    model, cfg, batches = build(row)
    tune_model(model)
    optimizer = build_optimizer(cfg, model)
    scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    state = State(model=model, weights=model, optimizer=optimizer, scheduler=scheduler, scaler=scaler)
    autocast = choose_precision("fp32", "cpu").autocast
    stride = Stride(steps=10**6, accumulate=1, clip=0.0, seed=0, skip_bad_losses=0, autocast=autocast)
    given = (SimpleNamespace(samples=batch, keys=()) for batch in cycle(batches))
    for _, losses in train(state, given, stride, ranks=Ranks(), duties=lambda: None, stop=Stop()):
        yield losses["loss"]


def serve(pipe: Connection, side: str, row: str) -> None:
    """Make one step whenever asked; answer with wall seconds, processor seconds and the loss."""
    warnings.filterwarnings("ignore")
    steps = (run_detectron2 if side == SIDES[0] else run_workbench)(row)
    while pipe.recv():
        wall, busy = perf_counter(), process_time()
        loss = next(steps)
        pipe.send((perf_counter() - wall, process_time() - busy, loss))


def compare(row: str, rounds: int) -> None:
    """Let the sides take turns, and print what came of it."""
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    for side in SIDES:
        pipes[side], other = context.Pipe()
        context.Process(target=serve, args=(other, side, row), daemon=True).start()
    taken: dict[str, list[tuple[float, float, float]]] = {side: [] for side in SIDES}
    for number in range(rounds + WARM_UP):
        for side in SIDES if number % 2 else SIDES[::-1]:
            pipes[side].send(True)
            taken[side].append(pipes[side].recv())
    for pipe in pipes.values():
        pipe.send(False)
    worst = max(abs(one[2] - two[2]) / abs(one[2]) for one, two in zip(*taken.values(), strict=True))
    walls, busy = (
        [median(step[part] for step in taken[side][WARM_UP:]) for side in SIDES] for part in (0, 1)
    )
    images, size = SIZES[row]
    print(
        f"{row:16} {images} x {size} px  wall {walls[0]:6.2f} -> {walls[1]:6.2f} s ({walls[0] / walls[1]:.2f} times)   "
        f"processor {busy[0]:6.2f} -> {busy[1]:6.2f} s ({busy[0] / busy[1]:.2f} times)   "
        f"losses differ by at most {worst:.1e} of themselves in {rounds + WARM_UP} steps",
        flush=True,
    )


def main() -> None:
    """Compare the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", default=tuple(SIZES))
    parser.add_argument("--rounds", type=int, default=10)
    typed = parser.parse_args()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    for row in typed.rows:
        compare(row, typed.rounds)


if __name__ == "__main__":
    main()
