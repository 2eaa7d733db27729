import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
import numpy as np
import torch
from detectron2.data import DatasetMapper
from detectron2.data import transforms as T  # noqa: N812
from detectron2.projects.panoptic_deeplab import add_panoptic_deeplab_config
from detectron2.structures import BoxMode

from tests.engine.feed.tiny import make_cfg, make_dataset
from workbench.engine.feed.augment import Colored, TurnTransform, build_augmentations, drawing, jitter_side
from workbench.engine.feed.records import read_records
from workbench.engine.feed.sample import make_sample, make_test_sample, make_validation_sample
from workbench.errors import ProjectError
from workbench.settings import AugmentSettings

NOTHING = AugmentSettings(flip="none")


@pytest.fixture(scope="module")
def panoptic(tmp_path_factory):
    return read_records(make_dataset(tmp_path_factory.mktemp("panoptic"), "panoptic"), "train")


def fake(image, thing=None, labels=None):
    """A record and a reader of these pixels."""
    height, width = image.shape[:2]
    planes = {"image": image, "sem_seg": labels}
    record = {"file_name": "x", "key": "x", "height": height, "width": width, "annotations": []}
    if thing is not None:
        known = {"bbox_mode": BoxMode.XYXY_ABS, "category_id": 0, "iscrowd": 0}
        record["annotations"] = [{**known, "bbox": [0, 0, width, height], **thing}]
    if labels is not None:
        record["sem_seg_file_name"] = "y"
    return record, lambda _, plane, form: planes[plane]


def make(record, read, augmentations, cfg=None, **more):
    return make_sample(record, cfg or make_cfg(), augmentations, seed=0, epoch=0, index=0, read=read, **more)


def test_a_mask_of_4_by_4_is_flipped_with_its_image():
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    corner = [np.array([0, 0, 1, 0, 1, 2, 0, 2], float)]  # one pixel wide, two high
    record, read = fake(
        image, {"segmentation": corner, "bbox": [0, 0, 1, 2]}, np.eye(4, dtype=np.uint8)[..., None]
    )
    flip = (T.RandomFlip(1.0),)
    sample = make(record, read, flip, make_cfg(mask="bitmask"))
    assert sample["image"][:, 0, 0].tolist() == [9, 10, 11]
    assert sample["instances"].gt_boxes.tensor.tolist() == [[3, 0, 4, 2]]
    seen = sample["instances"].gt_masks.tensor[0]
    assert seen.int().tolist() == [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert sample["sem_seg"].tolist() == np.eye(4, dtype=int)[:, ::-1].tolist()
    assert corner[0].tolist() == [0, 0, 1, 0, 1, 2, 0, 2]  # the record stays as it was


@pytest.mark.parametrize("mask", ["polygon", "bitmask"])
def test_a_square_turned_by_45_degrees_has_a_box_as_wide_as_its_diagonal(mask):
    square = [np.array([40, 40, 60, 40, 60, 60, 40, 60], float)]
    record, read = fake(np.zeros((100, 100, 3), np.uint8), {"segmentation": square, "bbox": [40, 40, 60, 60]})
    from workbench.engine.feed.augment import Turn

    turn = Turn(45)
    turn.get_transform = lambda image: T.TransformList([TurnTransform(100, 100, 45, expand=False)])
    turn.input_args = ("image",)
    box = make(record, read, (turn,), make_cfg(mask=mask))["instances"].gt_boxes.tensor[0]
    half = 10 * 2**0.5
    assert np.allclose(
        box, [50 - half, 50 - half, 50 + half, 50 + half], atol=0.01 if mask == "polygon" else 1
    )


def test_what_a_rotation_or_a_padding_brings_in_is_of_no_class_and_no_object():
    full = {"size": [40, 40], "counts": "PR1"}
    from pycocotools import mask as coco

    full = coco.encode(np.ones((40, 40), np.uint8, order="F"))
    labels = np.zeros((40, 40, 1), np.uint8)
    record, read = fake(np.full((40, 40, 3), 7, np.uint8), {"segmentation": full}, labels)
    for settings in (
        AugmentSettings(flip="none", rotation=45),
        AugmentSettings(flip="none", jitter=(0.2, 0.3)),
    ):
        cfg = make_cfg(40, "bitmask")
        sample = make(record, read, build_augmentations(cfg, settings), cfg)
        outside = sample["sem_seg"] == 255
        assert outside.any()
        assert set(sample["sem_seg"].unique().tolist()) == {0, 255}
        assert torch.equal(sample["instances"].gt_masks.tensor[0], ~outside)


def test_a_rotated_outline_is_cut_at_the_frame():
    whole = [np.array([0, 0, 100, 0, 100, 50, 0, 50], float)]
    record, read = fake(np.zeros((50, 100, 3), np.uint8), {"segmentation": whole})
    cfg = make_cfg(50)
    sample = make(record, read, build_augmentations(cfg, AugmentSettings(flip="none", rotation=30)), cfg)
    x_min, y_min, x_max, y_max = sample["instances"].gt_boxes.tensor[0].tolist()
    assert min(x_min, y_min) >= 0
    assert x_max <= 100
    assert y_max <= 50


def test_saturation_of_a_bgr_image_is_that_of_the_rgb_image():
    image = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    for kind in (T.RandomSaturation(0.2, 0.2), T.RandomLighting(30)):
        with drawing(0, 0, 0):
            plain = Colored(kind, bgr=False).get_transform(image).apply_image(image)
        with drawing(0, 0, 0):
            swapped = Colored(kind, bgr=True).get_transform(image[..., ::-1]).apply_image(image[..., ::-1])
        assert np.abs(plain.astype(int) - swapped[..., ::-1]).max() <= 1


def test_drawing_leaves_numpys_global_generator_as_it_was():
    np.random.seed(5)
    wanted = np.random.rand(3).tolist()
    np.random.seed(5)
    with drawing(0, 1, 2):
        drawn = np.random.rand()
    assert np.random.rand(3).tolist() == wanted
    with drawing(0, 1, 2):
        assert np.random.rand() == drawn
    with drawing(0, 1, 2, 1):
        assert np.random.rand() != drawn


@pytest.mark.parametrize("mask", ["polygon", "bitmask"])
def test_without_a_wish_samples_are_those_of_detectron2s_own_mapper(panoptic, mask):
    cfg = make_cfg(mask=mask)
    augmentations = build_augmentations(cfg, AugmentSettings())
    mapper = DatasetMapper(cfg, is_train=True)
    for index, record in enumerate(panoptic):
        ours = make_sample(record, cfg, augmentations, seed=0, epoch=0, index=index)
        with drawing(0, 0, index):
            theirs = mapper(record)
        for key in ("image", "sem_seg"):
            assert torch.equal(ours[key], theirs[key])
        one, other = ours["instances"], theirs["instances"]
        assert torch.equal(one.gt_boxes.tensor, other.gt_boxes.tensor)
        assert torch.equal(one.gt_classes, other.gt_classes)
        if len(one) and mask == "bitmask":
            assert torch.equal(one.gt_masks.tensor, other.gt_masks.tensor)
        elif len(one):
            rings = [[ring.tolist() for ring in rings] for rings in one.gt_masks.polygons]
            assert rings == [[ring.tolist() for ring in rings] for rings in other.gt_masks.polygons]


def test_test_samples_are_resized_only_and_validation_samples_have_targets(panoptic):
    cfg = make_cfg()
    test, validation = make_test_sample(panoptic[3], cfg), make_validation_sample(panoptic[3], cfg)
    assert test["image"].shape == (3, 64, 80)
    assert (test["height"], test["width"]) == (80, 100)
    assert "instances" not in test
    assert torch.equal(test["image"], validation["image"])
    assert len(validation["instances"]) == 3
    assert validation["sem_seg"].shape == (64, 80)


def test_panoptic_deeplab_gets_its_centres_and_offsets(panoptic):
    cfg = make_cfg()
    add_panoptic_deeplab_config(cfg)
    cfg.MODEL.META_ARCHITECTURE, cfg.MODEL.SEM_SEG_HEAD.IGNORE_VALUE = "PanopticDeepLab", 255
    cfg.INPUT.FORMAT, cfg.INPUT.CROP.ENABLED = "RGB", False
    sample = make_sample(panoptic[3], cfg, build_augmentations(cfg, NOTHING), seed=0, epoch=0, index=0)
    assert set(sample["sem_seg"].unique().tolist()) == {0, 1, 2, 3}
    assert len(sample["center_points"]) == 3
    assert sample["offset"].shape == (2, *sample["image"].shape[1:])


def test_large_scale_jitter_of_detectron2s_sizes_has_detectron2s_square():
    assert jitter_side(800, 1333) == 1024


@pytest.mark.parametrize(
    ("key", "value"),
    [("crop", 1.5), ("color", 2.0), ("rotation", 200.0), ("jitter", (2.0, 1.0)), ("jitter", (1.0,))],
)
def test_numbers_that_no_transform_could_follow_are_refused(key, value):
    with pytest.raises(ProjectError, match=f"train.augment.{key}: must be"):
        build_augmentations(make_cfg(), AugmentSettings(**{key: value}))
