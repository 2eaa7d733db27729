"""Device, seed, data workers, and what the workbench does in Detectron2's place."""

from collections.abc import Iterator

from workbench.engine.config.situation import Proposal, Situation, count


def derive_machine(now: Situation) -> Iterator[Proposal]:
    """Where it runs."""
    asked = now.settings.train.device
    reason = (
        "--device or train.device"
        if asked != "auto"
        else f"what this machine has ({count(now.machine.cores, 'core')})"
    )
    yield Proposal(key="MODEL.DEVICE", value=now.machine.device, reason=reason)
    workers, why = choose_workers(now)
    yield Proposal(key="DATALOADER.NUM_WORKERS", value=workers, reason=why)


def choose_workers(now: Situation) -> tuple[int, str]:
    """Processes that read images: on a processor they would take the cores that train."""
    asked = now.settings.train.workers
    if asked >= 0:
        return asked, "train.workers"
    cores = max(now.machine.cores // now.world, 1)
    if now.machine.device.startswith("cpu"):
        return min(1, cores - 1), f"the other cores of {count(now.machine.cores, 'core')} train"
    return min(max(cores - 1, 1), 8), f"{count(cores, 'core')} for each process that trains"


def derive_weights(now: Situation) -> Iterator[Proposal]:
    """Where training starts from."""
    asked = now.settings.model.weights
    source = now.model.weights if asked == "row" else asked
    reason = "of the row" if asked == "row" else "model.weights"
    yield Proposal(key="MODEL.WEIGHTS", value=source, reason=reason)


def derive_house(now: Situation) -> Iterator[Proposal]:
    """Keys that say of a run how the workbench runs it, so that its config.yaml tells the truth."""
    seed = now.settings.train.seed
    yield Proposal(key="SEED", value=seed, reason="--seed or train.seed: the same seed, the same run")
    yield Proposal(key="OUTPUT_DIR", value=".", reason="the run folder, where config.yaml lies")
    yield Proposal(key="CUDNN_BENCHMARK", value=False, reason="its choice differs from run to run")
    yield Proposal(key="TEST.AUG.ENABLED", value=False, reason="scores are of one look at each image")
    flip = now.settings.augment.flip
    if flip != "both" and flip != now.get_row("INPUT.RANDOM_FLIP"):
        yield Proposal(key="INPUT.RANDOM_FLIP", value=flip, reason="train.augment.flip")
