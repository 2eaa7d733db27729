"""What may be done to an image before a model sees it: Detectron2's transforms, with random numbers of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from math import sqrt
from typing import Any

import numpy as np
from detectron2.config import CfgNode
from detectron2.data import transforms as T  # noqa: N812  # as Detectron2 writes it
from numpy.typing import NDArray

from workbench.errors import ProjectError
from workbench.settings import AugmentSettings

Augmentations = tuple[T.Augmentation, ...]
SEMANTIC = ("SemanticSegmentor", "PanopticDeepLab")  # their recipes crop after the resize, the others before


def build_augmentations(cfg: CfgNode, settings: AugmentSettings) -> Augmentations:
    """Return what training draws from, in the order in which it is done."""
    require_settings(settings)
    late = cfg.MODEL.META_ARCHITECTURE in SEMANTIC
    crop = list(_crop(cfg, settings))
    return tuple(
        chain(
            _rotation(settings),
            [] if late else crop,
            _scale(cfg, settings),
            crop if late else [],
            _flip(cfg, settings),
            _color(cfg, settings),
        )
    )


def build_test_augmentations(cfg: CfgNode) -> Augmentations:
    """Return what is done to every image outside training: it is resized."""
    return (T.ResizeShortestEdge(cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST, "choice"),)


def cuts_objects(augmentations: Augmentations) -> bool:
    """Can a part of an object be lost, so that its box must be measured anew?"""
    cutting = (T.RandomCrop, T.RandomCrop_CategoryAreaConstraint, T.FixedSizeCrop, Turn)
    return any(isinstance(one, cutting) for one in augmentations)


def require_settings(settings: AugmentSettings) -> None:
    """Refuse numbers that no transform could follow."""
    low, high = (*settings.jitter, 1.0, 1.0)[:2]
    wrong = {
        "crop": ("from 0 to 1", not 0 <= settings.crop <= 1),
        "color": ("from 0 to 1", not 0 <= settings.color <= 1),
        "rotation": ("from 0 to 180", not 0 <= settings.rotation <= 180),
        "short_edge": ("lengths above 0", any(edge < 1 for edge in settings.short_edge)),
        "jitter": ("empty, or two scales above 0, the smaller first", not 0 < low <= high),
    }
    if len(settings.jitter) not in (0, 2):
        wrong["jitter"] = (wrong["jitter"][0], True)
    for key, (must, failed) in wrong.items():
        if failed:
            raise ProjectError(
                f"train.augment.{key}: must be {must}, but got {getattr(settings, key)}; change it"
            )


def _rotation(settings: AugmentSettings) -> Iterator[T.Augmentation]:
    if settings.rotation:
        yield Turn(settings.rotation)


def _crop(cfg: CfgNode, settings: AugmentSettings) -> Iterator[T.Augmentation]:
    if settings.crop:
        yield T.RandomCrop("relative_range", (settings.crop, settings.crop))
    elif cfg.INPUT.CROP.ENABLED:
        share = cfg.INPUT.CROP.get("SINGLE_CATEGORY_MAX_AREA", 1.0)
        kind, size = cfg.INPUT.CROP.TYPE, cfg.INPUT.CROP.SIZE
        if share < 1.0:
            ignored = cfg.MODEL.SEM_SEG_HEAD.IGNORE_VALUE
            yield T.RandomCrop_CategoryAreaConstraint(kind, size, share, ignored)
        else:
            yield T.RandomCrop(kind, size)


def _scale(cfg: CfgNode, settings: AugmentSettings) -> Iterator[T.Augmentation]:
    edges = settings.short_edge or cfg.INPUT.MIN_SIZE_TRAIN
    style = "choice" if settings.short_edge else cfg.INPUT.MIN_SIZE_TRAIN_SAMPLING
    if settings.jitter:
        side = jitter_side(max(edges), cfg.INPUT.MAX_SIZE_TRAIN)
        yield T.ResizeScale(*settings.jitter, side, side)
        yield T.FixedSizeCrop((side, side))
    else:
        yield T.ResizeShortestEdge(edges, cfg.INPUT.MAX_SIZE_TRAIN, style)


def jitter_side(short_edge: int, long_edge: int) -> int:
    """Return the side of a square with the pixels of the largest image; 800 x 1333 gives Detectron2's own 1024."""
    return max(32, int(sqrt(short_edge * long_edge)) // 32 * 32)


def _flip(cfg: CfgNode, settings: AugmentSettings) -> Iterator[T.Augmentation]:
    kind = cfg.INPUT.RANDOM_FLIP if settings.flip == "horizontal" else settings.flip
    if kind in ("horizontal", "both"):
        yield T.RandomFlip(horizontal=True, vertical=False)
    if kind in ("vertical", "both"):
        yield T.RandomFlip(horizontal=False, vertical=True)


def _color(cfg: CfgNode, settings: AugmentSettings) -> Iterator[T.Augmentation]:
    if not (strength := settings.color):
        return
    yield T.RandomBrightness(1 - strength, 1 + strength)
    yield T.RandomContrast(1 - strength, 1 + strength)
    bgr = cfg.INPUT.FORMAT == "BGR"
    if bgr or cfg.INPUT.FORMAT == "RGB":
        yield Colored(T.RandomSaturation(1 - strength, 1 + strength), bgr)
        yield Colored(T.RandomLighting(64 * strength), bgr)  # 0.4 gives AlexNet's 0.1 of 255


class Colored(T.Augmentation):
    """Detectron2's transforms of colour count on red, green, blue, and its images are blue, green, red."""

    def __init__(self, inner: T.Augmentation, bgr: bool) -> None:
        super().__init__()
        self._init({"inner": inner, "bgr": bgr})

    def get_transform(self, image: NDArray[Any]) -> T.Transform:
        """Draw for the image in red, green, blue, and turn what is blended in back into the image's own order."""
        if not self.bgr:
            return self.inner.get_transform(image)
        drawn = self.inner.get_transform(image[:, :, ::-1])
        return T.BlendTransform(np.asarray(drawn.src_image)[..., ::-1], drawn.src_weight, drawn.dst_weight)


class Turn(T.Augmentation):
    """A rotation around the middle, in a frame that stays; what comes in from outside is of no class."""

    def __init__(self, degrees: float) -> None:
        super().__init__()
        self._init({"degrees": degrees})

    def get_transform(self, image: NDArray[Any]) -> T.Transform:
        """Rotate, then cut the polygons to the frame."""
        height, width = image.shape[:2]
        angle = np.random.uniform(-self.degrees, self.degrees)
        return T.TransformList(
            [TurnTransform(height, width, angle, expand=False), T.CropTransform(0, 0, width, height)]
        )


class TurnTransform(T.RotationTransform):
    """Detectron2's rotation, whose classes are 255 where nothing is known."""

    def apply_segmentation(self, segmentation: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Count from 1 meanwhile: what the rotation fills with 0 then comes out as 255."""
        return super().apply_segmentation(segmentation + np.uint8(1)) - np.uint8(1)


@contextmanager
def drawing(seed: int, epoch: int, index: int, turn: int = 0) -> Iterator[None]:
    """Let numpy's global generator, which Detectron2 draws from, belong to one sample; then put it back."""
    name = f"sample {seed} {epoch} {index} {turn}"
    words = np.frombuffer(sha256(name.encode()).digest(), "<u4")
    before = np.random.get_state()
    np.random.seed(words)
    try:
        yield
    finally:
        np.random.set_state(before)
