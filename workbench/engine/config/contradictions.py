"""What cannot work together: the row and the task, what was said and the data."""

from collections.abc import Iterator, Mapping

from workbench.engine.config.changes import show
from workbench.engine.config.situation import Proposal, Situation, count
from workbench.engine.config.typed import Said

# What the workbench itself decides: another value would only be ignored, so it is refused.
OURS = {
    "DATASETS.TRAIN": "the dataset is the project's",
    "DATASETS.TEST": "the dataset is the project's",
    "OUTPUT_DIR": "a run has its folder under the project's runs/",
    "VERSION": "there is but one",
    "SEED": "the seed is train.seed (--seed)",
    "CUDNN_BENCHMARK": "what it chooses differs from run to run",
    "SOLVER.AMP.ENABLED": "the precision is train.precision",
    "SOLVER.CLIP_GRADIENTS": "clipping is train.clip",
    "DATALOADER.ASPECT_RATIO_GROUPING": "images come in the order of train.seed",
    "TEST.AUG": "scores are of one look at each image",
    "TEST.PRECISE_BN": "scores are of the weights as they were trained",
    "TEST.EXPECTED_RESULTS": "scores are compared with workbench runs",
}
# A row of this task can be trained on a dataset of these.
TRAINS_ON = {
    "instance": ("instance", "panoptic"),
    "semantic": ("semantic", "panoptic"),
    "panoptic": ("panoptic",),
}


def find_contradictions(
    now: Situation, said: Mapping[str, Said], proposals: Mapping[str, Proposal]
) -> tuple[str, ...]:
    """One line for each thing that will fail."""
    return (*_check_task(now), *_check_said(said, proposals), *_check_batch(now))


def _check_task(now: Situation) -> Iterator[str]:
    task, wanted = now.facts.task, now.model.task
    if task not in TRAINS_ON[wanted]:
        yield (
            f"model {now.model.name}: must be a row for {task} projects, but is for {wanted}; "
            f"choose another (workbench models), or change task in project.toml"
        )
    elif wanted == "instance" and not now.facts.train.boxes.size:
        yield "the dataset: must have objects in its part train, but has none; label some, or change [split]"
    elif wanted == "panoptic" and not now.facts.stuff:
        yield (
            f"model {now.model.name}: must have classes of stuff, but project.toml names none; "
            "add stuff, or choose an instance row"
        )


def _check_said(said: Mapping[str, Said], proposals: Mapping[str, Proposal]) -> Iterator[str]:
    for key, one in said.items():
        reason = _find_owner(key)
        agreed = key in proposals and one.value == proposals[key].value
        if reason and not agreed:
            yield f"{key}: must not be set, but is {one.where} ({show(one.value)}): {reason}; drop it"
        elif key in proposals and proposals[key].must and one.value != proposals[key].value:
            needed = proposals[key]
            yield (
                f"{key}: must be {show(needed.value)} ({needed.reason}), "
                f"but {show(one.value)} is {one.where}; drop it"
            )


def _find_owner(key: str) -> str:
    """Why a key, or the section that it is in, is not to be set."""
    return next((why for name, why in OURS.items() if f"{key}.".startswith(f"{name}.")), "")


def _check_batch(now: Situation) -> Iterator[str]:
    parts = now.world * now.settings.train.accumulate
    batch = now.cfg.SOLVER.IMS_PER_BATCH
    if batch < 1 or batch % parts:
        yield (
            f"SOLVER.IMS_PER_BATCH: must be a multiple of {parts} ({count(now.world, 'process')} × "
            f"train.accumulate {now.settings.train.accumulate}), but is {batch}; change one of them"
        )
    if now.cfg.SOLVER.MAX_ITER < 1:
        yield f"SOLVER.MAX_ITER: must be 1 or more, but is {now.cfg.SOLVER.MAX_ITER}; change it"
