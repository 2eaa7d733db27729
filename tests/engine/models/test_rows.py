"""Every row is built, trained two steps and used; its parameters are those of the zoo's own config."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("detectron2")

from detectron2.config import CfgNode, get_cfg  # noqa: E402
from detectron2.data import MetadataCatalog  # noqa: E402
from detectron2.utils.events import EventStorage  # noqa: E402

from tests.engine.models.samples import (  # noqa: E402
    COUNTS,
    STUFF,
    THINGS,
    build_calm,
    make_sample,
    small_config,
)
from workbench.engine.models.build import ZOO, blank_config, build_model, row_config  # noqa: E402
from workbench.engine.models.table import MODELS, find_model  # noqa: E402
from workbench.errors import ProjectError  # noqa: E402

OUTPUTS = {
    "instance": {"instances"},
    "semantic": {"sem_seg"},
    "panoptic": {"panoptic_seg", "sem_seg"},
}
CATALOG = "workbench_test_rows"


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    if CATALOG in MetadataCatalog.list():
        MetadataCatalog.remove(CATALOG)


def names(cfg):
    """Names and shapes of a network that is never given memory."""
    cfg.MODEL.DEVICE = "meta"
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in build_model(cfg).state_dict().items()}


@pytest.mark.parametrize("name", MODELS)
def test_every_row_trains_two_steps_and_predicts(name):
    model = MODELS[name]
    cfg = small_config(model)
    cfg.DATASETS.TRAIN = (CATALOG,)
    MetadataCatalog.get(CATALOG).set(label_divisor=1000, thing_dataset_id_to_contiguous_id={1: 0})
    network = build_calm(cfg)
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=1e-5)
    with EventStorage(0):
        for _ in range(2):
            losses = network([make_sample(model), make_sample(model)])
            assert all(torch.isfinite(loss) for loss in losses.values()), losses
            optimizer.zero_grad()
            sum(losses.values()).backward()
            assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
            optimizer.step()
    network.eval()
    sample = {key: make_sample(model)[key] for key in ("image", "height", "width")}
    with torch.no_grad():
        (answer,) = network([sample])
    assert set(answer) >= OUTPUTS[model.task]
    if "instances" in answer and len(answer["instances"]):
        assert answer["instances"].pred_masks.shape[1:] == (64, 64)
    if "sem_seg" in answer:
        counted = "all" if cfg.MODEL.META_ARCHITECTURE != "PanopticFPN" else "stuff"
        assert answer["sem_seg"].shape == (COUNTS[counted], 64, 64)


@pytest.mark.parametrize("name", MODELS)
def test_the_keys_that_hold_class_counts_shape_every_head(name):
    model = MODELS[name]
    shapes = names(small_config(model))
    rest = row_config(model)
    for key, kind in model.class_keys.items():
        rest.merge_from_list([key, COUNTS[kind] + 7])
    changed = [key for key, shape in names(rest).items() if shape != shapes[key]]
    assert changed
    assert not [key for key in changed if key.startswith("backbone.")]
    for key, shape in shapes.items():
        if key.endswith("cls_score.weight"):
            assert shape[0] == THINGS + 1
        if key.endswith(("mask_head.predictor.weight", "mask_head.point_head.predictor.weight")):
            assert shape[0] == THINGS
        if key == "sem_seg_head.predictor.weight":
            panoptic = cfg_is_fpn(model)
            assert shape[0] == (STUFF + 1 if panoptic else THINGS + STUFF)


def cfg_is_fpn(model):
    return row_config(model).MODEL.META_ARCHITECTURE == "PanopticFPN"


ZOO_ROWS = [name for name, row in MODELS.items() if row.zoo.count("/") and not row.extend]


@pytest.mark.parametrize("name", ZOO_ROWS)
def test_a_zoo_row_has_the_parameters_of_the_zoo_s_own_config(name):
    own = get_cfg()
    own.merge_from_other_cfg(CfgNode(CfgNode.load_yaml_with_base(str(ZOO / MODELS[name].zoo))))
    assert names(row_config(MODELS[name])) == names(own)


def test_pointrend_rows_differ_from_mask_rcnn_by_the_mask_head_alone():
    for depth in ("r50", "r101", "x101"):
        plain, points = (names(row_config(MODELS[f"{kind}_{depth}"])) for kind in ("mask_rcnn", "pointrend"))
        head = "roi_heads.mask_head."
        assert {k: v for k, v in points.items() if head not in k} == {
            k: v for k, v in plain.items() if head not in k
        }
        assert {k.removeprefix(head): v for k, v in points.items() if head in k} == {
            # 7 x 7 coarse masks of 80 classes from p2's 256 channels; 14 x 14 points of it at each box
            "coarse_head.reduce_spatial_dim_conv.weight": (256, 256, 2, 2),
            "coarse_head.reduce_spatial_dim_conv.bias": (256,),
            "coarse_head.fc1.weight": (1024, 256 * 7 * 7),
            "coarse_head.fc1.bias": (1024,),
            "coarse_head.fc2.weight": (1024, 1024),
            "coarse_head.fc2.bias": (1024,),
            "coarse_head.prediction.weight": (80 * 7 * 7, 1024),
            "coarse_head.prediction.bias": (80 * 7 * 7,),
            **{f"point_head.fc{n}.weight": (256, 256 + 80, 1) for n in (1, 2, 3)},
            **{f"point_head.fc{n}.bias": (256,) for n in (1, 2, 3)},
            "point_head.predictor.weight": (80, 256 + 80, 1),
            "point_head.predictor.bias": (80,),
        }


def test_the_padded_backbone_has_the_names_and_features_of_detectron2_s_own():
    model = MODELS["panoptic_deeplab_r52"]
    cfg, own = row_config(model), row_config(model)
    own.MODEL.BACKBONE.NAME = "build_resnet_deeplab_backbone"
    assert names(cfg) == names(own)


def test_the_download_is_the_size_of_the_published_parameters():
    classes = {"COCO": (80, 54), "Cityscapes": (8, 19)}
    for name, model in MODELS.items():
        if "://" not in model.weights or model.weights != first_with(model.weights).weights:
            assert name in ZOO_ROWS or model.download_mb == (first_with(model.weights).download_mb)
            continue
        things, stuff = classes[model.origin]
        cfg = row_config(model)
        for key, kind in model.class_keys.items():
            count = things if kind == "things" else 133 if "deeplab_r52" in name else stuff
            cfg.merge_from_list([key, count])
        size = sum(4 * torch.Size(shape).numel() for shape in names(cfg).values()) / 1e6
        if first_with(model.weights).name == name:
            assert model.download_mb == pytest.approx(size, rel=0.01), name


def first_with(weights):
    return next(row for row in MODELS.values() if row.weights == weights)


def test_from_scratch_rows_normalise_by_groups_and_freeze_nothing():
    for model in MODELS.values():
        if not model.weights:
            cfg = row_config(model)
            assert cfg.MODEL.RESNETS.NORM == cfg.MODEL.FPN.NORM == "GN"
            assert cfg.MODEL.BACKBONE.FREEZE_AT == 0


def test_rows_with_points_take_bitmaps():
    for model in MODELS.values():
        points = "point_rend" in model.extend and model.task != "semantic"
        assert model.bitmask == points
        assert ("bitmask" if points else "polygon") == row_config(model).INPUT.MASK_FORMAT


def test_an_unknown_row_says_the_nearest():
    with pytest.raises(ProjectError, match='did you mean "mask_rcnn_lite0"'):
        find_model("mask_rcnn_lite")


def test_a_row_s_config_is_on_the_cpu_and_says_nothing_of_data():
    for model in MODELS.values():
        cfg = row_config(model)
        assert cfg.MODEL.DEVICE == "cpu"
        assert model.weights == cfg.MODEL.WEIGHTS
    assert blank_config(("point_rend", "workbench")).MODEL.LITE0.OUT_FEATURES == [
        "res2",
        "res3",
        "res4",
        "res5",
    ]
