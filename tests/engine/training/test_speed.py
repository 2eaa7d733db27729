"""Tuned layers give what the original ones give: results, gradients, and the same bytes at each run."""

import copy
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("detectron2")

from detectron2.layers import ROIAlign  # noqa: E402
from detectron2.modeling.poolers import ROIPooler  # noqa: E402
from detectron2.structures import Boxes  # noqa: E402

from workbench.engine.training.pooling import QuickROIAlign  # noqa: E402
from workbench.engine.training.speed import tune_model, tune_process  # noqa: E402

TOLERANCE = 2e-5  # of sums of a few hundred float32 numbers around 1


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def draw_rois(count: int, seed: int, size: float = 160.0):
    """Boxes of all kinds: small, long, over the edge, empty."""
    rng = torch.Generator().manual_seed(seed)
    middle = torch.rand(count, 2, generator=rng) * size
    half = torch.exp(torch.randn(count, 2, generator=rng)) * 12
    boxes = torch.cat([middle - half, middle + half], 1)
    boxes[0] = torch.tensor([10.0, 10, 10, 10])
    boxes[1] = torch.tensor([-500.0, -500, -400, -400])
    boxes[2] = torch.tensor([0.0, 0, size, size])
    return torch.cat([torch.randint(0, 2, (count, 1), generator=rng).float(), boxes], 1)


def pool_both_ways(layer, features, rois):
    ways = []
    for kind in (ROIAlign, QuickROIAlign):
        given = features.clone().requires_grad_()
        pooled = kind(layer.output_size, layer.spatial_scale, layer.sampling_ratio, layer.aligned)(
            given, rois
        )
        weight = torch.linspace(-1, 1, pooled.numel()).view(pooled.shape)
        (pooled * weight).sum().backward()
        ways.append((pooled.detach(), given.grad))
    return ways


def test_one_cell_over_one_pixel_is_that_pixel():
    features = torch.arange(16.0).view(1, 1, 4, 4)
    pooled = QuickROIAlign(1, 1.0, 1, True)(features, torch.tensor([[0.0, 2, 1, 3, 2]]))
    assert pooled.tolist() == [[[[6.0]]]]


def test_a_cell_between_two_pixels_is_their_mean():
    features = torch.arange(16.0).view(1, 1, 4, 4)
    pooled = QuickROIAlign(1, 1.0, 1, True)(features, torch.tensor([[0.0, 1.5, 1, 2.5, 2]]))
    assert pooled.tolist() == [[[[5.5]]]]


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [0, 1, 2])
@pytest.mark.parametrize("output", [7, (3, 5)])
def test_pooling_equals_detectron2s_with_its_gradients(aligned, ratio, output):
    features = torch.randn(2, 5, 37, 41, generator=torch.Generator().manual_seed(1))
    rois = draw_rois(40, seed=ratio)
    if aligned:
        rois[1, 1:] = torch.tensor([-500.0, -500, -490, -490])
    original, quick = pool_both_ways(ROIAlign(output, 0.25, ratio, aligned), features, rois)
    for expected, found in zip(original, quick, strict=True):
        torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
        assert found.abs().max() > 0.1


def test_gradients_are_the_slope_of_the_result():
    layer = QuickROIAlign(2, 0.5, 2, True)
    features = torch.randn(1, 2, 6, 7).requires_grad_()
    rois = torch.tensor([[0.0, 1.2, 2.3, 9.1, 8.4]])
    layer(features, rois).sum().backward()
    moved = features.detach().clone()
    moved[0, 1, 2, 3] += 1.0  # linear in the features: any step will do
    change = (layer(moved, rois) - layer(features.detach(), rois)).sum()
    torch.testing.assert_close(features.grad[0, 1, 2, 3], change, rtol=1e-4, atol=1e-5)


def test_it_gives_the_same_bytes_each_time_and_with_any_threads():
    features, rois = torch.randn(2, 8, 40, 40), draw_rois(60, seed=3)
    layer = ROIAlign(7, 0.25, 0, True)
    _, first = pool_both_ways(layer, features, rois)
    torch.set_num_threads(2)
    _, again = pool_both_ways(layer, features, rois)
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))


def test_no_boxes_and_boxes_without_a_number_go_to_the_original():
    features = torch.randn(1, 3, 8, 8)
    layer = QuickROIAlign(7, 0.25, 0, True)
    assert layer(features, torch.zeros(0, 5)).shape == (0, 3, 7, 7)
    assert layer(features.double(), torch.tensor([[0.0, 1, 1, 9, 9]])).dtype == torch.float64


def run_backbone(backbone, images):
    features = backbone(images)
    rng = torch.Generator().manual_seed(7)  # a sum of squares would say nothing: normalised, it is constant
    sum((value * torch.rand(value.shape, generator=rng)).sum() for value in features.values()).backward()
    return features, [one.grad for one in backbone.parameters() if one.grad is not None]


def test_a_depthwise_backbone_gives_the_same_features_and_gradients():
    from workbench.engine.models.build import build_model, row_config
    from workbench.engine.models.table import find_model

    torch.manual_seed(0)
    plain = build_model(row_config(find_model("mask_rcnn_lite0"))).backbone
    tuned = copy.deepcopy(plain)
    assert tune_model(tuned) == ("bottom_up",)
    assert tune_model(tuned) == ()
    images = torch.randn(1, 3, 64, 96)
    expected, slopes = run_backbone(plain, images)
    found, tuned_slopes = run_backbone(copy.deepcopy(tuned), images)
    assert list(tuned.state_dict()) == list(plain.state_dict())
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-4)
        assert found[name].is_contiguous()
    assert len(slopes) == len(tuned_slopes) > 50
    for slope, other in zip(slopes, tuned_slopes, strict=True):
        torch.testing.assert_close(other, slope, rtol=1e-3, atol=1e-4 * float(slope.abs().max()))


class Pooling(torch.nn.Module):
    """A model that pools."""

    def __init__(self):
        super().__init__()
        self.lateral = torch.nn.Conv2d(4, 4, 1)
        self.box_pooler = ROIPooler(7, (0.25, 0.125), 0, "ROIAlignV2", canonical_box_size=40)


def test_a_tuned_model_has_the_same_names_and_pools_as_before():
    plain = Pooling()
    tuned = copy.deepcopy(plain)
    assert tune_model(tuned) == ("box_pooler.level_poolers.0", "box_pooler.level_poolers.1")
    assert tune_model(tuned) == ()
    assert list(tuned.state_dict()) == list(plain.state_dict())
    features = [torch.randn(2, 4, 40, 40), torch.randn(2, 4, 20, 20)]
    boxes = [Boxes(draw_rois(20, seed=4)[:, 1:]), Boxes(draw_rois(0 + 3, seed=5)[:, 1:])]
    boxes = [Boxes(each.tensor.clamp(0, 160)) for each in boxes]
    torch.testing.assert_close(
        copy.deepcopy(tuned).box_pooler(features, boxes),
        plain.box_pooler(features, boxes),
        rtol=TOLERANCE,
        atol=TOLERANCE,
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc")
def test_the_allocator_keeps_memory_and_may_be_told_twice():
    assert tune_process() == tune_process()
