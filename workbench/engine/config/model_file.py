"""Any Detectron2 YAML as a row: its task, its class counts and its learning rate are read from what it says."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from detectron2.config import CfgNode

from workbench.engine.config.changes import show
from workbench.engine.config.keys import find_extension, flatten
from workbench.engine.config.typed import read_table
from workbench.engine.config.yaml_file import Tree, read_yaml
from workbench.engine.models.build import blank_config
from workbench.engine.models.row import Count, Extension, Model, ModelError
from workbench.project import Task

TASKS: Mapping[str, Task] = {
    "GeneralizedRCNN": "instance",
    "PanopticFPN": "panoptic",
    "SemanticSegmentor": "semantic",
    "PanopticDeepLab": "panoptic",
}
_KNOWN: tuple[Extension, ...] = ("point_rend", "deeplab", "panoptic_deeplab", "workbench")


def read_model_file(name: str) -> Model:
    """Read a YAML (or a name of Detectron2's zoo) into a row; what depends on data is derived on top of it."""
    tree = read_yaml(name)
    extend = tuple(_find_extensions(tree))
    cfg = blank_config(extend)
    keys = {key: said.value for key, said in read_table(cfg, tree, name).items()}
    cfg.merge_from_list([part for pair in keys.items() for part in pair])
    keys = {key: value for key, value in keys.items() if not key.startswith(("DATASETS.", "VERSION"))}
    return Model(
        name=Path(name).stem,
        task=_find_task(name, cfg),
        about=f"as {name} says",
        keys=keys,
        class_keys=find_class_keys(cfg),
        batch=cfg.SOLVER.IMS_PER_BATCH,
        lr=cfg.SOLVER.BASE_LR,
        short_edge=max(cfg.INPUT.MIN_SIZE_TRAIN),
        long_edge=cfg.INPUT.MAX_SIZE_TRAIN,
        extend=extend,
        weights=cfg.MODEL.WEIGHTS,
        licence="of the weights that it names",
        bitmask=cfg.INPUT.MASK_FORMAT == "bitmask",
    )


def _find_extensions(tree: Tree) -> Iterator[Extension]:
    """Those of Detectron2's projects whose keys are there; panoptic_deeplab brings deeplab's."""
    plain = blank_config()
    plain_keys = {key for key, _ in flatten(plain)}
    owners = {find_extension(key) for key, _ in flatten(tree) if key not in plain_keys}
    if "panoptic_deeplab" in owners:
        owners.discard("deeplab")
    yield from (name for name in _KNOWN if name in owners)


def _find_task(name: str, cfg: CfgNode) -> Task:
    meta = cfg.MODEL.META_ARCHITECTURE
    if meta not in TASKS:
        known = ", ".join(TASKS)
        raise ModelError(
            f"{name}: MODEL.META_ARCHITECTURE: must be one of {known}, but got {show(meta)}; choose another"
        )
    if meta == "GeneralizedRCNN" and not cfg.MODEL.MASK_ON:
        raise ModelError(f"{name}: MODEL.MASK_ON: must be True, but is False; choose a config with masks")
    return TASKS[meta]


def find_class_keys(cfg: CfgNode) -> dict[str, Count]:
    """The keys of a config that count classes."""
    meta = cfg.MODEL.META_ARCHITECTURE
    keys: dict[str, Count] = {}
    if meta in ("GeneralizedRCNN", "PanopticFPN"):
        keys["MODEL.ROI_HEADS.NUM_CLASSES"] = "things"
        if cfg.MODEL.ROI_MASK_HEAD.get("POINT_HEAD_ON"):
            keys["MODEL.POINT_HEAD.NUM_CLASSES"] = "things"
    if meta != "GeneralizedRCNN":
        keys["MODEL.SEM_SEG_HEAD.NUM_CLASSES"] = "stuff" if meta == "PanopticFPN" else "all"
        if cfg.MODEL.SEM_SEG_HEAD.NAME == "PointRendSemSegHead":
            keys["MODEL.POINT_HEAD.NUM_CLASSES"] = "all"
    return keys
