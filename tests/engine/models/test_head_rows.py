"""More classes than before: what was learnt of the old ones is where they are now, to the last bit.

Weights and features are quarters and whole numbers, so that sums are exact in whatever order they are taken: a wider
layer is computed in other blocks, and rounding would differ although every number is the same.
"""

from functools import cache
from itertools import product

import pytest
import torch

from tests.engine.models.samples import build_calm, small_config
from workbench.engine.models.build import build_model
from workbench.engine.models.head_rows import Classes, describe_carried, has_boxes, read_classes
from workbench.engine.models.table import MODELS
from workbench.engine.models.weights import load_weights

NARROW = [
    *("MODEL.RESNETS.DEPTH", 50, "MODEL.RESNETS.WIDTH_PER_GROUP", 4),
    *("MODEL.RESNETS.STEM_OUT_CHANNELS", 8, "MODEL.RESNETS.RES2_OUT_CHANNELS", 8),
    *("MODEL.ROI_BOX_HEAD.FC_DIM", 32),
]
OLD = Classes(things=("cat", "dog", "cow"), stuff=("sky", "sea"))


def count(model, classes):
    counts = {"things": len(classes.things), "stuff": len(classes.stuff) + 1, "all": len(classes.names)}
    cfg = small_config(model)
    for key, kind in model.class_keys.items():
        cfg.merge_from_list([key, counts[kind]])
    if not model.name.endswith("nano"):  # what is under the heads may be as small as it gets
        cfg.merge_from_list(NARROW)
    return cfg


def save(state, path, classes=OLD):
    about = {"classes": {"things": list(classes.things), "stuff": list(classes.stuff)}, "task": "instance"}
    torch.save({"model": state, "about": about}, path)
    return path


def draw(*shape):
    """Small whole numbers."""
    return torch.randint(-3, 4, shape).to(torch.get_default_dtype())


@cache
def build_old(name, old):
    """A network with the old classes, whose heads hold small whole numbers; and its state as it is saved."""
    network = build_calm(count(MODELS[name], old))
    with torch.no_grad():
        for parameter, tensor in network.named_parameters():
            if not parameter.startswith("backbone."):
                tensor.copy_(draw(*tensor.shape) / 4)
    state = {tensor: value.clone() for tensor, value in network.state_dict().items()}
    return network.double(), state


def carry(name, new, tmp_path, old=OLD):
    """A network with the old classes, one with the new ones after loading, one with the new ones before."""
    before, state = build_old(name, old)
    path = save(state, tmp_path / "old.pth", old)
    torch.manual_seed(7)
    after = build_model(count(MODELS[name], new))
    fresh = {name: tensor.clone() for name, tensor in after.state_dict().items()}
    boxes = has_boxes(tuple(fresh))
    report = load_weights(after, path, Classes(things=new.things, stuff=new.stuff, boxes=boxes))
    return before, after.double(), fresh, report


def places(names, wanted):
    return [names.index(name) for name in wanted]


ORDERS = [
    Classes(things=("cat", "dog", "cow", "emu"), stuff=("sky", "sea")),
    Classes(things=("emu", "cow", "gnu", "cat", "dog"), stuff=("sand", "sea", "sky")),
    Classes(things=("dog", "cow", "cat"), stuff=("sea", "sky")),
    Classes(things=("cow", "emu"), stuff=("sea", "sand")),
]


@pytest.mark.parametrize("new", ORDERS, ids=["appended", "in between", "shuffled", "some gone"])
@pytest.mark.parametrize("name", ["mask_rcnn_nano", "pointrend_nano", "panoptic_nano"])
def test_boxes_of_old_classes_are_scored_and_placed_as_before(name, new, tmp_path):
    before, after, _, report = carry(name, new, tmp_path)
    assert report.resized == ()
    stay = [one for one in OLD.things if one in new.things]
    was, now = (places([*names, "nothing"], [*stay, "nothing"]) for names in (OLD.things, new.things))
    features = draw(9, before.roi_heads.box_predictor.cls_score.in_features).double()
    with torch.no_grad():
        (scores, boxes), (scores2, boxes2) = (
            net.roi_heads.box_predictor(features) for net in (before, after)
        )
    assert torch.equal(scores[:, was], scores2[:, now])
    spread = boxes.view(9, -1, 4)[:, was[:-1]], boxes2.view(9, -1, 4)[:, now[:-1]]
    assert torch.equal(*spread)


@pytest.mark.parametrize("new", ORDERS, ids=["appended", "in between", "shuffled", "some gone"])
@pytest.mark.parametrize("name", ["mask_rcnn_nano", "panoptic_nano"])
def test_masks_of_old_classes_are_drawn_as_before(name, new, tmp_path):
    before, after, _, _ = carry(name, new, tmp_path)
    stay = [one for one in OLD.things if one in new.things]
    was, now = (places(names, stay) for names in (OLD.things, new.things))
    features = draw(3, 64, 14, 14).double()
    with torch.no_grad():
        masks, masks2 = (net.roi_heads.mask_head.layers(features) for net in (before, after))
    assert torch.equal(masks[:, was], masks2[:, now])


@pytest.mark.parametrize("new", ORDERS, ids=["appended", "in between", "shuffled", "some gone"])
def test_coarse_and_fine_masks_of_pointrend_are_drawn_as_before(new, tmp_path):
    before, after, _, report = carry("pointrend_nano", new, tmp_path)
    stay = [one for one in OLD.things if one in new.things]
    was, now = (places(names, stay) for names in (OLD.things, new.things))
    heads = [net.roi_heads.mask_head for net in (before, after)]
    fine, seen2 = draw(3, 64, 50).double(), draw(3, len(new.things), 50).double()
    seen = torch.zeros(3, len(OLD.things), 50).double()
    seen[:, was] = seen2[:, now]  # what is thought of new classes changes nothing
    region = draw(3, heads[0].coarse_head.prediction.in_features).double()
    with torch.no_grad():
        coarse, coarse2 = (head.coarse_head.prediction(region).view(3, -1, 7, 7) for head in heads)
        points, points2 = (head.point_head(fine, one) for head, one in zip(heads, (seen, seen2), strict=True))
    assert report.resized == ()
    assert torch.equal(coarse[:, was], coarse2[:, now])
    assert torch.equal(points[:, was], points2[:, now])


LARGE = ["deeplab_v3plus_r103", "panoptic_deeplab_r52"]  # one order is enough of these


@pytest.mark.parametrize(
    ("name", "new"),
    [*product(["panoptic_nano", "semantic_nano"], ORDERS), *((name, ORDERS[1]) for name in LARGE)],
)
def test_ground_of_old_classes_is_seen_as_before(name, new, tmp_path):
    before, after, _, report = carry(name, new, tmp_path)
    assert report.resized == ()
    rows = [["things", *one.stuff] if name == "panoptic_nano" else [*one.names] for one in (OLD, new)]
    stay = [one for one in rows[0] if one in rows[1]]
    was, now = (places(names, stay) for names in rows)
    features = draw(2, before.sem_seg_head.predictor.in_channels, 20, 20).double()
    with torch.no_grad():
        seen, seen2 = (net.sem_seg_head.predictor(features) for net in (before, after))
    assert torch.equal(seen[:, was], seen2[:, now])


def test_coarse_and_fine_ground_of_pointrend_is_seen_as_before(tmp_path):
    before, after, _, report = carry("pointrend_semantic_r50", ORDERS[1], tmp_path)
    was, now = (places(one.names, OLD.names) for one in (OLD, ORDERS[1]))
    heads = [net.sem_seg_head for net in (before, after)]
    fine, seen2 = draw(1, 256, 20).double(), draw(1, len(ORDERS[1].names), 20).double()
    coarse = draw(1, heads[0].coarse_sem_seg_head.predictor.in_channels, 8, 8).double()
    seen = torch.zeros(1, len(OLD.names), 20).double()
    seen[:, was] = seen2[:, now]
    with torch.no_grad():
        points, points2 = (head.point_head(fine, one) for head, one in zip(heads, (seen, seen2), strict=True))
        ground, ground2 = (head.coarse_sem_seg_head.predictor(coarse) for head in heads)
    assert report.resized == ()
    assert torch.equal(ground[:, was], ground2[:, now])
    assert torch.equal(points[:, was], points2[:, now])


def test_new_rows_are_as_they_were_initialised_and_those_of_a_class_that_went_are_not_used(tmp_path):
    new = Classes(things=("dog", "emu"), stuff=("sand",))
    _, after, fresh, report = carry("panoptic_nano", new, tmp_path)
    for name in ("roi_heads.mask_head.predictor.weight", "roi_heads.box_predictor.cls_score.weight"):
        assert torch.equal(after.state_dict()[name][1], fresh[name][1].double())
    assert torch.equal(
        after.state_dict()["sem_seg_head.predictor.weight"][1],
        fresh["sem_seg_head.predictor.weight"][1].double(),
    )
    assert report.carried.to_json() == {
        "kept": ["dog"],
        "new": ["emu", "sand"],
        "gone": ["cat", "cow", "sky", "sea"],
    }


@pytest.mark.parametrize("name", ["mask_rcnn_nano", "pointrend_nano", "panoptic_nano", "semantic_nano"])
def test_everything_that_knows_no_class_is_loaded_as_it_was(name, tmp_path):
    before, after, _, report = carry(name, ORDERS[1], tmp_path)
    assert (report.missing, report.unexpected, report.resized) == ((), (), ())
    assert report.carried.tensors
    for tensor, value in before.state_dict().items():
        if tensor not in report.carried.tensors:
            assert torch.equal(after.state_dict()[tensor], value), tensor


def test_the_same_classes_in_the_same_order_are_loaded_without_a_word(tmp_path):
    _, _, _, report = carry("pointrend_nano", OLD, tmp_path)
    assert report.carried.tensors == ()
    assert describe_carried(report.carried.to_json()) == ""


def test_boxes_that_all_classes_share_are_not_cut_into_classes(tmp_path):
    """Cascade R-CNN places boxes without asking for a class: four numbers are four numbers, of four classes too."""
    four = Classes(things=("cat", "dog", "cow", "emu"), stuff=())
    turned = Classes(things=("emu", "cow", "dog", "cat"), stuff=())
    before, after, _, report = carry("cascade_mask_rcnn_r50", turned, tmp_path, old=four)
    assert not any("bbox_pred" in name for name in report.carried.tensors)
    for stage in range(3):
        one, other = (net.roi_heads.box_predictor[stage] for net in (before, after))
        assert torch.equal(one.bbox_pred.weight, other.bbox_pred.weight)
        assert torch.equal(one.cls_score.weight[[3, 2, 1, 0, 4]], other.cls_score.weight)


def test_ground_becomes_things_and_keeps_what_it_was(tmp_path):
    """From a semantic run to a panoptic one: rows of stuff go along, things have to be learnt as boxes."""
    model, new = MODELS["panoptic_nano"], Classes(things=("cat",), stuff=("sea", "sky"))
    ground = build_calm(count(MODELS["semantic_nano"], OLD))
    path = save(ground.state_dict(), tmp_path / "old.pth")
    after = build_model(count(model, new))
    report = load_weights(after, path, new)
    assert report.carried.to_json() == {"kept": ["sea", "sky"], "new": ["cat"], "gone": ["dog", "cow"]}
    rows = ground.sem_seg_head.predictor.weight[[4, 3]]
    assert torch.equal(after.sem_seg_head.predictor.weight[1:], rows)


def test_it_is_said_in_one_line():
    lists = {"kept": ["cat", "dog"], "new": ["emu"], "gone": ["cow"]}
    assert describe_carried(lists) == "what was learnt of cat, dog is kept, emu starts anew, cow is dropped"
    many = {"kept": [], "new": [f"c{number}" for number in range(9)], "gone": []}
    assert describe_carried(many) == "c0, c1, c2, c3, c4, c5, 3 more starts anew"


@pytest.mark.parametrize("classes", [None, [], {"things": "cat"}, {"things": [3], "stuff": []}, {}])
def test_a_file_that_says_nothing_sensible_of_its_classes_says_nothing(classes):
    assert read_classes({"classes": classes}, ()) is None


def test_without_names_heads_of_other_counts_stay_as_initialised(tmp_path):
    before = build_calm(count(MODELS["mask_rcnn_nano"], OLD))
    torch.save({"model": before.state_dict()}, tmp_path / "x.pth")
    after = build_model(count(MODELS["mask_rcnn_nano"], ORDERS[0]))
    report = load_weights(after, tmp_path / "x.pth", ORDERS[0])
    assert report.carried is None
    assert "roi_heads.mask_head.predictor.weight" in [name for name, *_ in report.resized]
