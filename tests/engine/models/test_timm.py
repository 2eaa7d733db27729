"""Networks of timm under a row's pyramid: with weights from a file, from scratch, and those that cannot serve."""

import json
import sys
from dataclasses import replace

import pytest

pytest.importorskip("detectron2")
import torch

from workbench.cli import main
from workbench.engine.models.build import build_model, put_backbone
from workbench.engine.models.row import ModelError
from workbench.engine.models.table import MODELS
from workbench.engine.models.weights import load_weights, locate_weights
from workbench.engine.models.zoo_cache import ZooUnreachable
from workbench.errors import MissingExtra

NANO = MODELS["mask_rcnn_nano"]


def test_without_timm_the_words_name_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtra, match=r"timm must be installed for this.*install-timm"):
        put_backbone(NANO, "resnet18")


def test_a_row_without_a_pyramid_takes_no_other_network():
    with pytest.raises(ModelError, match="must go under a feature pyramid, but deeplab_v3plus_r103 has none"):
        put_backbone(MODELS["deeplab_v3plus_r103"], "resnet18")


@pytest.fixture
def timm(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    return pytest.importorskip("timm")


def build(name, **keys):
    from workbench.engine.models.build import row_config

    cfg = row_config(replace(put_backbone(NANO, name), weights=""))
    cfg.merge_from_list([part for pair in keys.items() for part in pair])
    return build_model(cfg)


@pytest.mark.optional
@pytest.mark.parametrize("name", ["resnet18", "resnet18.a1_in1k", "mobilenetv3_small_050", "convnext_atto"])
def test_a_network_gives_the_pyramid_its_features(timm, name):
    features = build(name).backbone(torch.zeros(1, 3, 64, 96))
    assert {key: tuple(value.shape[2:]) for key, value in features.items()} == {
        "p2": (16, 24), "p3": (8, 12), "p4": (4, 6), "p5": (2, 3), "p6": (1, 2),
    }  # fmt: skip


@pytest.mark.optional
def test_frozen_statistics_keep_what_follows_them(timm):
    """timm's BatchNormAct2d holds the activation too: Detectron2's way of freezing would lose it."""
    network = build("mobilenetv3_small_050").backbone.bottom_up
    plain = timm.create_model("mobilenetv3_small_050", features_only=True).eval()
    plain.load_state_dict(network.body.state_dict(), strict=False)
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        for ours, theirs in zip(network(image).values(), plain(image)[1:], strict=True):
            torch.testing.assert_close(ours, theirs)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in network.modules())


@pytest.mark.optional
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet81", "must be a network of timm, but is not"),
        ("vit_tiny_patch16_224", "must have features at strides 4, 8, 16 and 32"),
        ("swin_tiny_patch4_window7_224", "must take images of any size"),
        ("inception_v4", "must halve the sides evenly"),
    ],
)
def test_a_network_that_cannot_serve_is_refused_with_the_reason(timm, name, words):
    with pytest.raises(ModelError, match=words):
        build(name)


@pytest.mark.optional
def test_colours_are_those_that_the_weights_were_made_for(timm):
    assert put_backbone(NANO, "resnet18").keys["MODEL.PIXEL_MEAN"] == [123.675, 116.28, 103.53]
    assert put_backbone(NANO, "mixnet_s").keys["MODEL.PIXEL_MEAN"] == [123.675, 116.28, 103.53]
    assert put_backbone(NANO, "inception_v4").keys["MODEL.PIXEL_STD"] == [127.5] * 3


@pytest.mark.optional
def test_weights_out_of_reach_name_the_file_and_the_folder(timm, tmp_path):
    with pytest.raises(
        ZooUnreachable, match=r"put its model.safetensors as resnet18.a1_in1k.safetensors into"
    ) as words:
        locate_weights("timm:resnet18")
    assert str(tmp_path / "cache" / "weights" / "timm") in str(words.value)


def put_weights(timm, folder, name):
    """What a person does who has fetched them elsewhere."""
    from safetensors.torch import save_file

    torch.manual_seed(7)
    network = timm.create_model(name)
    for norm in (layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)):
        norm.running_mean.normal_()
    folder.mkdir(parents=True)
    save_file(network.state_dict(), folder / f"{name}.a1_in1k.safetensors")
    return network


@pytest.mark.optional
def test_weights_in_that_folder_are_taken_under_our_names(timm, tmp_path):
    theirs = put_weights(timm, tmp_path / "cache" / "weights" / "timm", "resnet18").state_dict()
    network = build("resnet18")
    report = load_weights(network, locate_weights("timm:resnet18"))
    assert not report.resized and not report.unexpected
    assert not [name for name in report.missing if "bottom_up" in name]
    body = network.backbone.bottom_up.body.state_dict()
    assert body
    for name, tensor in body.items():
        assert torch.equal(tensor, theirs[name]), name


@pytest.mark.optional
@pytest.mark.parametrize("weights", ["row", ""])
def test_a_training_starts_from_them_or_from_nothing(timm, weights, tmp_path, monkeypatch, capsys):
    from tests.conversion.folders import put, put_project
    from tests.drawing import square

    put_weights(timm, tmp_path / "cache" / "weights" / "timm", "resnet18")
    put_project(
        tmp_path, ["cat"], more="[split]\nval = 0.3\nhash_distance = 0\n[model]\nbackbone = 'resnet18'\n"
    )
    for number in range(4):
        put(tmp_path / "annotations" / "p", str(number), square("cat", 5 + 6 * number, 8, 40))
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    words = "--steps 2 --device cpu train.batch 2 train.precision fp32 train.watch () INPUT.MIN_SIZE_TEST 64"
    code = main(
        ["train", "p", "--model", "mask_rcnn_nano", *words.split(), "model.weights", weights, "--json"]
    )
    said = capsys.readouterr()
    assert code == 0, said.err
    record = json.loads(said.out)
    assert record["state"] == "finished"
    assert ("twice as many" in said.err, record.get("weights", {}).get("source")) == (
        (False, "timm:resnet18") if weights else (False, None)
    )
    frozen = "MODEL.TIMM.NORM" not in {change["key"] for change in record["changes"]}
    assert frozen == bool(weights)
