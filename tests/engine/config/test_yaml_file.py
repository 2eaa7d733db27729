"""YAML from strangers runs nothing, reads nothing outside, and takes no memory; good YAML becomes a row."""

import pytest
import yaml

pytest.importorskip("detectron2")

from workbench.engine.config.model_file import find_class_keys, read_model_file
from workbench.engine.config.yaml_file import ZOO, read_yaml
from workbench.engine.models.build import row_config
from workbench.engine.models.row import ModelError
from workbench.engine.models.table import MODELS
from workbench.errors import InputMissing, ProjectError

PAYLOADS = [
    "!!python/object/apply:os.system ['touch {marker}']",
    "MODEL: !!python/object/apply:subprocess.check_output [['touch', '{marker}']]",
    "MODEL: !!python/object/new:os.system ['touch {marker}']",
    "MODEL: !!python/name:os.system ''",
    "MODEL: !!python/module:os ''",
    "MODEL: !!python/object:pathlib.Path {{}}",
    "? !!python/object/apply:os.system ['touch {marker}']\n: 1",
    "_BASE_: !!python/object/apply:os.system ['touch {marker}']",
    "SEED: !!python/object/apply:builtins.eval [\"__import__('os').system('touch {marker}')\"]",
    "_BASE_: http://127.0.0.1:9/x.yaml",
    "_BASE_: https://example.com/x.yaml",
    "_BASE_: file:///etc/hostname",
    "_BASE_: ../../../../../../etc/hostname",
    "_BASE_: /etc/hostname",
    "_BASE_: ~/x.yaml",
    "_BASE_: [../outside.yaml]",
    "_BASE_: 5",
    "_BASE_: this.yaml",
    "_BASE_: detectron2://COCO-InstanceSegmentation/x.yaml",
    "- 1\n- 2",
    "5: {{a: 1}}",
    "SEED: 2020-01-01",
    "SEED: !!binary aGVsbG8=",
    "a: [" + "[" * 3000,
    "\x00",
    "A: &a [*a]",
]


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_stranger_s_yaml_is_refused_and_does_nothing(text, tmp_path):
    marker = tmp_path / "marker"
    (tmp_path / "outside.yaml").write_text("SEED: 3\n")
    folder = tmp_path / "configs"
    folder.mkdir()
    path = folder / "this.yaml"
    path.write_text(text.format(marker=marker))
    with pytest.raises(ProjectError, match="must be"):
        read_model_file(str(path))
    assert not marker.exists()


def test_an_alias_bomb_is_refused_at_once(tmp_path):
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(ProjectError, match="aliases"):
        read_yaml(str(path))


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("# " + "x" * 1_000_000)
    with pytest.raises(ProjectError, match="1,000,000 bytes"):
        read_yaml(str(path))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.yaml").write_text("SEED: 3\n")
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "base.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "this.yaml").write_text("_BASE_: base.yaml\n")
    with pytest.raises(ProjectError, match="_BASE_: must be"):
        read_yaml(str(folder / "this.yaml"))


def test_a_file_stands_on_those_beside_it_and_on_the_zoo(tmp_path):
    (tmp_path / "base.yaml").write_text(
        "_BASE_: COCO-InstanceSegmentation/mask_rcnn_R_50_FPN_3x.yaml\nSEED: 3\nSOLVER: {BASE_LR: 0.5}\n"
    )
    path = tmp_path / "this.yaml"
    path.write_text("_BASE_: base.yaml\nSOLVER: {BASE_LR: 0.001, IMS_PER_BATCH: 2}\n")
    tree = read_yaml(str(path))
    assert tree["SEED"] == 3
    assert tree["SOLVER"]["BASE_LR"] == 0.001
    assert tree["SOLVER"]["MAX_ITER"] == 270_000
    model = read_model_file(str(path))
    assert (model.task, model.lr, model.batch, model.short_edge) == ("instance", 0.001, 2, 800)


def test_a_name_that_is_nowhere_gets_the_nearest():
    with pytest.raises(
        InputMissing, match=r'did you mean "COCO-InstanceSegmentation/mask_rcnn_R_50_FPN_3x\.yaml"'
    ):
        read_yaml("COCO-InstanceSegmentation/mask_rcnn_R50_FPN_3x.yaml")


@pytest.mark.parametrize("key", ["MODEL.MASK_ONN", "SOLVER.BASELR", "MODEL.WEIGHT"])
def test_an_unknown_key_of_a_file_is_refused(key, tmp_path):
    path = tmp_path / "this.yaml"
    head, _, name = key.rpartition(".")
    path.write_text(f"{head}: {{{name}: 1}}\n")
    with pytest.raises(ProjectError, match="must be a key of Detectron2"):
        read_model_file(str(path))


@pytest.mark.parametrize("name", ["mask_rcnn_r50", "pointrend_r50", "mask_rcnn_nano"])
def test_the_config_of_a_row_comes_back_as_the_row(name, tmp_path):
    row = row_config(MODELS[name])
    path = tmp_path / "config.yaml"
    path.write_text(row.dump())
    model = read_model_file(str(path))
    assert model.class_keys == MODELS[name].class_keys
    assert model.task == MODELS[name].task
    again = row_config(model)
    again.DATASETS = row.DATASETS  # those are never a file's
    assert yaml.safe_load(again.dump()) == yaml.safe_load(row.dump())


@pytest.mark.parametrize("name", MODELS)
def test_class_keys_are_found_in_every_row(name):
    assert find_class_keys(row_config(MODELS[name])) == dict(MODELS[name].class_keys)


def test_every_mask_config_of_the_zoo_becomes_a_row():
    for path in sorted(ZOO.glob("COCO-InstanceSegmentation/*FPN*.yaml")):
        assert read_model_file(path.relative_to(ZOO).as_posix()).task == "instance"
    for path in sorted(ZOO.glob("COCO-PanopticSegmentation/*.yaml")):
        if not path.stem.startswith("Base"):
            assert read_model_file(path.relative_to(ZOO).as_posix()).task == "panoptic"


def test_a_config_without_masks_is_refused():
    with pytest.raises(ModelError, match="MASK_ON"):
        read_model_file("COCO-Detection/faster_rcnn_R_50_FPN_3x.yaml")


def test_even_the_zoo_may_not_run_code():
    """Its RetinaNet writes the anchors as an expression for `eval`."""
    with pytest.raises(ProjectError, match="python/object/apply:eval"):
        read_model_file("COCO-Detection/retinanet_R_50_FPN_3x.yaml")
