"""docs/config.md says of every derived key what the code says."""

import re
from pathlib import Path

import pytest

pytest.importorskip("detectron2")

from workbench.engine.config import derive_length, derive_objects, derive_sizes, yaml_file

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
SAID = set(re.findall(r"^\| `([A-Z0-9_.]+)` \|", PAGE, re.MULTILINE))


def test_every_key_that_a_rule_may_change_is_in_the_docs_and_no_other():
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "workbench/engine/config").glob("derive_*.py")
    )
    changed = set(re.findall(r'(?:key=|")"?([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)+)"', sources))
    changed |= {"SEED", "OUTPUT_DIR", "CUDNN_BENCHMARK"}
    only_read = {"MODEL.PANOPTIC_FPN", "MODEL.MASK_ON", "MODEL.BACKBONE.NAME", "MODEL.ROI_HEADS.NAME"}
    only_read |= {"MODEL.TIMM.NAME"}
    counted = {key for key in SAID if key.endswith("NUM_CLASSES")}
    assert changed - only_read == SAID - counted


def test_the_figures_of_the_docs_are_those_of_the_code():
    assert f"{derive_length.PASSES[0]} passes over the images" in PAGE
    assert f"up to {derive_length.PASSES[1]} passes or {derive_length.SEEN:,} images" in PAGE
    assert f"at least {derive_length.SHORTEST} steps" in PAGE
    assert f"smaller than {derive_sizes.TINY} px" in PAGE
    assert f"up to {derive_sizes.GROW} times the row's" in PAGE
    assert f"in {derive_objects.UNBALANCED} times the images of the rarest" in PAGE
    assert f"at most {derive_objects.MOST_REPEATS} times as often" in PAGE
    assert f"{yaml_file.MOST_VALUES:,} values" in PAGE


def test_every_class_key_of_the_table_is_in_the_docs():
    from workbench.engine.models.table import MODELS

    assert {key for model in MODELS.values() for key in model.class_keys} <= SAID
