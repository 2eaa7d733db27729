"""How well anchors meet the boxes of a dataset, measured as Detectron2's region proposals would see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from detectron2.config import CfgNode
from detectron2.modeling.anchor_generator import DefaultAnchorGenerator

from workbench.engine.config.boxes import Floats, Ints, PartFacts, resize_scales

MOST_BOXES = 20_000  # enough for a share to a third of a percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The anchors of one feature map, and the share of all truths that are met best there."""

    name: str
    stride: int
    sizes: tuple[float, ...]
    best: float  # share of truths whose best anchor lies here
    half: float  # of these truths, the share that it overlaps by 0.5 and more
    well: float  # … by the threshold of a sure anchor (0.7)

    def to_json(self) -> dict[str, Any]:
        """As `preflight --json` has it."""
        return {key: getattr(self, key) for key in ("name", "stride", "sizes", "best", "half", "well")}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorMatch:
    """How the truths of a part are met, over all levels."""

    levels: tuple[Level, ...]
    boxes: int
    half: float  # share of truths that some anchor overlaps by 0.5 and more
    well: float  # … by the threshold of a sure anchor
    mean: float  # overlap with the best anchor
    smallest: float  # the side of the smallest anchor
    under: float  # share of truths smaller than that

    def to_json(self) -> dict[str, Any]:
        """As `preflight --json` has it."""
        keys = ("boxes", "half", "well", "mean", "smallest", "under")
        return {"levels": [level.to_json() for level in self.levels]} | {
            key: getattr(self, key) for key in keys
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """Boxes after the resize of their images: x, y, width, height; and each box's image's width and height."""

    boxes: Floats
    sizes: Floats


def resize_frame(part: PartFacts, short_edge: float, long_edge: float, most: int = MOST_BOXES) -> Frame:
    """Put (an even choice of) the boxes where the model sees them."""
    scales = resize_scales(part.sizes, short_edge, long_edge)
    chosen = np.arange(len(part.boxes))[:: max(-(-len(part.boxes) // most), 1)]
    image: Ints = part.box_image[chosen]
    return Frame(
        boxes=part.boxes[chosen] * scales[image][:, None], sizes=np.round(part.sizes * scales[:, None])[image]
    )


def find_strides(cfg: CfgNode) -> tuple[int, ...]:
    """`p2` and `res2` are a quarter of the image's size, and so on."""
    return tuple(2 ** int(name[-1]) for name in cfg.MODEL.RPN.IN_FEATURES)


def make_cells(sizes: Any, ratios: Any, strides: Sequence[int]) -> list[Floats]:
    """Width and height of the anchors of each level, by Detectron2's own generator."""
    generator = DefaultAnchorGenerator(sizes=sizes, aspect_ratios=ratios, strides=list(strides), offset=0.0)
    return [(cell[:, 2:] - cell[:, :2]).numpy().astype(np.float64) for cell in generator.cell_anchors]


def compute_overlaps(frame: Frame, cells: Floats, stride: int, offset: float = 0.0) -> Floats:
    """The IoU of each box with the best anchor of one level.

    Of all places of the grid the one nearest to a box's centre meets it best, whatever the anchor's size.
    """
    centres = frame.boxes[:, :2] + frame.boxes[:, 2:] / 2
    last = np.ceil(frame.sizes / stride) - 1  # maps are as large as the image, rounded up
    place = np.clip(np.round(centres / stride - offset), 0, last)
    away = np.abs((place + offset) * stride - centres)
    best = np.zeros(len(frame.boxes))
    for cell in cells:
        reach = (cell + frame.boxes[:, 2:]) / 2 - away
        inside = np.clip(np.minimum(reach, np.minimum(cell, frame.boxes[:, 2:])), 0, None)
        shared = inside.prod(axis=1)
        union = cell.prod() + frame.boxes[:, 2:].prod(axis=1) - shared
        best = np.maximum(best, shared / np.maximum(union, 1e-9))
    return best


def match_anchors(frame: Frame, cfg: CfgNode, sizes: Any = None, ratios: Any = None) -> AnchorMatch | None:
    """Measure the anchors of a config, or others in their place; None where there are no boxes or no anchors."""
    if not len(frame.boxes) or not has_anchors(cfg):
        return None
    sizes = cfg.MODEL.ANCHOR_GENERATOR.SIZES if sizes is None else sizes
    ratios = cfg.MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS if ratios is None else ratios
    strides, offset = find_strides(cfg), cfg.MODEL.ANCHOR_GENERATOR.OFFSET
    cells = make_cells(sizes, ratios, strides)
    table = np.stack([compute_overlaps(frame, c, s, offset) for c, s in zip(cells, strides, strict=True)])
    sure = cfg.MODEL.RPN.IOU_THRESHOLDS[-1]
    smallest = round(min(float(np.sqrt(cell.prod(axis=1)).min()) for cell in cells), 3)  # of 32-bit numbers
    sides = np.sqrt(frame.boxes[:, 2:].prod(axis=1))
    best = table.max(axis=0)
    return AnchorMatch(
        levels=tuple(_describe_levels(table, cells, cfg, sure)),
        boxes=len(best),
        half=float((best >= 0.5).mean()),
        well=float((best >= sure).mean()),
        mean=float(best.mean()),
        smallest=smallest,
        under=float((sides < smallest).mean()),
    )


def has_anchors(cfg: CfgNode) -> bool:
    """Whether the model proposes regions from anchors."""
    return (
        cfg.MODEL.META_ARCHITECTURE in ("GeneralizedRCNN", "PanopticFPN", "ProposalNetwork")
        and cfg.MODEL.PROPOSAL_GENERATOR.NAME == "RPN"
        and cfg.MODEL.ANCHOR_GENERATOR.NAME == "DefaultAnchorGenerator"
        and all(name[-1:].isdigit() for name in cfg.MODEL.RPN.IN_FEATURES)
        and all(
            len(per_level) in (1, len(cfg.MODEL.RPN.IN_FEATURES))
            for per_level in (cfg.MODEL.ANCHOR_GENERATOR.SIZES, cfg.MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS)
        )
    )


def _describe_levels(table: Floats, cells: list[Floats], cfg: CfgNode, sure: float) -> list[Level]:
    owner, best = table.argmax(axis=0), table.max(axis=0)
    levels = []
    for index, (cell, stride, name) in enumerate(
        zip(cells, find_strides(cfg), cfg.MODEL.RPN.IN_FEATURES, strict=True)
    ):
        mine = best[owner == index]
        sides = sorted({round(float(side), 1) for side in np.sqrt(cell.prod(axis=1))})
        levels.append(
            Level(
                name=name,
                stride=stride,
                sizes=tuple(sides),
                best=len(mine) / len(best),
                half=float((mine >= 0.5).mean()) if len(mine) else 0.0,
                well=float((mine >= sure).mean()) if len(mine) else 0.0,
            )
        )
    return levels
