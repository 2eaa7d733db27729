"""Runs cut to the images and classes that they have in common."""

from collections.abc import Sequence
from dataclasses import replace

from workbench.evaluation.comparing.judged import Judged
from workbench.evaluation.comparing.val_sets import ValSet
from workbench.evaluation.overlap.narrowing import narrow
from workbench.evaluation.overlap.objects import Scene
from workbench.evaluation.panoptic_quality import Segments
from workbench.evaluation.sampling.picture_draws import Pixels


def cut(judged: Judged, keys: Sequence[str], classes: Sequence[str]) -> Judged:
    """Keep these images and classes, in this order."""
    table = judged.val.by_key()
    images = [table[key] for key in keys]
    places = {image.key: place for place, image in enumerate(judged.val.images)}
    rows = [places[key] for key in keys]
    return replace(
        judged,
        val=ValSet(images=tuple(images), classes=tuple(classes)),
        scene=_cut_scene(judged, [image.number for image in images], classes),
        segments=_cut_segments(judged, rows, classes),
        pixels=_cut_pixels(judged, rows, classes),
    )


def _cut_scene(judged: Judged, images: Sequence[int], classes: Sequence[str]) -> Scene | None:
    scene = judged.scene
    return scene and narrow(scene, images, [name for name in classes if name in scene.categories])


def _cut_segments(judged: Judged, rows: Sequence[int], classes: Sequence[str]) -> Segments | None:
    segments = judged.segments
    if segments is None:
        return None
    kept = [name for name in classes if name in segments.names]
    columns = [segments.names.index(name) for name in kept]
    return Segments(segments.counts[rows][:, columns], tuple(kept), segments.things[columns])


def _cut_pixels(judged: Judged, rows: Sequence[int], classes: Sequence[str]) -> Pixels | None:
    """What is no class of the dataset is all things as one, and stays."""
    pixels = judged.pixels
    if pixels is None:
        return None
    own = [name for name in pixels.names if name not in judged.val.classes]
    kept = own + [name for name in classes if name in pixels.names]
    columns = [pixels.names.index(name) for name in kept]
    return Pixels(pixels.counts[rows][:, columns], tuple(kept))
