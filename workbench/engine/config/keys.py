"""Detectron2's config by full key (`SOLVER.BASE_LR`): read, set, list, and what an unknown key was meant to be."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from detectron2.config import CfgNode, get_cfg
from detectron2.config.compat import ConverterV1, ConverterV2

from workbench.engine.models.build import EXTENSIONS

# Keys of Detectron, the predecessor, that people still copy, and what does that now.
_DETECTRON1 = {
    "NUM_GPUS": "--gpus N",
    "TRAIN.DATASETS": "the project's dataset",
    "TEST.DATASETS": "the project's dataset",
    "TRAIN.WEIGHTS": "MODEL.WEIGHTS",
    "TEST.WEIGHTS": "MODEL.WEIGHTS",
    "TRAIN.IMS_PER_BATCH": "SOLVER.IMS_PER_BATCH",
    "TRAIN.SCALES": "INPUT.MIN_SIZE_TRAIN",
    "TRAIN.MAX_SIZE": "INPUT.MAX_SIZE_TRAIN",
    "TEST.SCALE": "INPUT.MIN_SIZE_TEST",
    "TEST.MAX_SIZE": "INPUT.MAX_SIZE_TEST",
    "TEST.SCORE_THRESH": "MODEL.ROI_HEADS.SCORE_THRESH_TEST",
    "TEST.NMS": "MODEL.ROI_HEADS.NMS_THRESH_TEST",
    "MODEL.NUM_CLASSES": "MODEL.ROI_HEADS.NUM_CLASSES",
    "SOLVER.LR_POLICY": "SOLVER.LR_SCHEDULER_NAME",
    "SOLVER.WARM_UP_ITERS": "SOLVER.WARMUP_ITERS",
    "SOLVER.WARM_UP_FACTOR": "SOLVER.WARMUP_FACTOR",
    "SOLVER.WARM_UP_METHOD": "SOLVER.WARMUP_METHOD",
    "RPN.SIZES": "MODEL.ANCHOR_GENERATOR.SIZES",
    "RPN.ASPECT_RATIOS": "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS",
    "FPN.RPN_ASPECT_RATIOS": "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS",
    "FPN.RPN_ANCHOR_START_SIZE": "MODEL.ANCHOR_GENERATOR.SIZES",
    "MRCNN.RESOLUTION": "MODEL.ROI_MASK_HEAD.POOLER_RESOLUTION",
    "RNG_SEED": "SEED",
}
RENAMED = _DETECTRON1 | dict(ConverterV1.RENAME) | dict(ConverterV2.RENAME)


def is_config_key(key: str) -> bool:
    """Capitals are Detectron2's (`SOLVER.BASE_LR`), small letters the workbench's (`train.ema`)."""
    return key.partition(".")[0].isupper()


def flatten(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Pass on full keys with their values; a config, a YAML and a table of project.toml look alike here."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def get_key(cfg: CfgNode, key: str) -> Any:
    """Read a full key; a section is returned as such."""
    for part in key.split("."):
        cfg = cfg[part]
    return cfg


def has_key(cfg: CfgNode, key: str) -> bool:
    """Whether the config has this key or section."""
    for part in key.split("."):
        if not isinstance(cfg, Mapping) or part not in cfg:
            return False
        cfg = cfg[part]
    return True


def set_key(cfg: CfgNode, key: str, value: Any) -> None:
    """Set a full key that is there."""
    head, _, name = key.rpartition(".")
    section = get_key(cfg, head) if head else cfg
    section[name] = value


def explain_unknown(key: str, cfg: CfgNode) -> str:
    """End the sentence `K must be a key of Detectron2, but is not …`."""
    if key in RENAMED:
        return f"; what did that is now {RENAMED[key]}"
    owner = find_extension(key)
    if owner:
        return f" for this row: it belongs to {owner}; choose a row of that (workbench models), or drop it"
    known = [name for name, _ in flatten(cfg)]
    close = _find_close(key, known)
    if close:
        return f'; did you mean "{close}"?'
    sections = sorted({name.rpartition(".")[0] for name in known if "." in name})
    head = key.rpartition(".")[0]
    if head in sections:
        inside = [name for name in known if name.rpartition(".")[0] == head]
        return f"; {head} has {', '.join(name.rpartition('.')[2] for name in inside)}"
    return f"; its sections are {', '.join(sorted({name.partition('.')[0] for name in sections}))}"


def find_extension(key: str) -> str:
    """The one of Detectron2's projects that adds this key; empty where none does."""
    plain = get_cfg()
    if has_key(plain, key):
        return ""
    section = ".".join(key.split(".")[:2])
    new = not has_key(plain, section)
    for name, extend in EXTENSIONS.items():
        extended = plain.clone()
        extend(extended)
        if has_key(extended, key) or (new and has_key(extended, section)):
            return name
    return ""


def _find_close(key: str, known: list[str]) -> str:
    """By the whole key, else by its last word: `BASE_LR` is SOLVER.BASE_LR."""
    close = get_close_matches(key[:100], known, n=1, cutoff=0.75)
    if close:
        return close[0]
    names = {name.rpartition(".")[2]: name for name in reversed(known)}
    last = get_close_matches(key.rpartition(".")[2][:100], names, n=1, cutoff=0.85)
    return names[last[0]] if last else ""
