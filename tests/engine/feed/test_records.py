import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
import json
import shutil

import numpy as np
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.data.datasets import load_coco_json
from PIL import Image

from tests.engine.feed.tiny import make_dataset
from workbench.engine.feed.catalog import registered
from workbench.engine.feed.records import has_objects, read_part, read_records
from workbench.errors import DatasetError


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    return {
        task: make_dataset(tmp_path_factory.mktemp(task), task)
        for task in ("instance", "semantic", "panoptic")
    }


def test_records_are_those_of_detectron2s_own_reader(datasets):
    folder = datasets["instance"]
    root = (folder / json.loads((folder / "manifest.json").read_bytes())["image_root"]).resolve()
    theirs = load_coco_json(str(folder / "train.json"), str(root))
    ours = read_records(folder, "train")
    assert len(ours) == len(theirs) == 6
    for one, other in zip(ours, theirs, strict=True):
        assert {key: one[key] for key in ("file_name", "height", "width", "image_id")} == {
            key: value for key, value in other.items() if key != "annotations"
        }
        for thing, known in zip(one["annotations"], other["annotations"], strict=True):
            assert thing["category_id"] == known["category_id"] - 1
            assert (thing["bbox"], thing["bbox_mode"]) == (known["bbox"], known["bbox_mode"])
            outline = thing["segmentation"]  # a crowd has run lengths
            plain = outline if thing["iscrowd"] else [ring.tolist() for ring in outline]
            assert plain == known["segmentation"]


def test_what_a_model_never_sees_is_counted(datasets):
    counts = read_part(datasets["instance"], "train").counts
    assert (counts.images, counts.negatives, counts.instances, counts.crowds) == (6, 1, 15, 1)
    assert [has_objects(record) for record in read_records(datasets["instance"], "train")] == [False] + [
        True
    ] * 5


def test_semantic_records_have_the_classes_of_each_pixel(datasets):
    record = read_records(datasets["semantic"], "train")[3]
    values = np.asarray(Image.open(record["sem_seg_file_name"]))
    assert "annotations" not in record
    assert set(np.unique(values)) == {0, 1, 2, 255}  # cat, dog, sky, nobody knows


def test_panoptic_records_have_the_separated_form_and_the_segments(datasets):
    record = read_records(datasets["panoptic"], "train")[3]
    values = np.asarray(Image.open(record["sem_seg_file_name"]))
    assert set(np.unique(values)) == {0, 1, 2}  # things, sky, sea
    assert len(record["annotations"]) == 3
    known = [(segment["category_id"], segment["isthing"]) for segment in record["segments_info"]]
    assert sorted(known) == [(0, True), (1, True), (1, True), (2, False), (3, False)]
    ids = np.asarray(Image.open(record["pan_seg_file_name"])).astype(int) @ [1, 256, 65536]
    assert {segment["id"] for segment in record["segments_info"]} == set(np.unique(ids))


def test_a_panoptic_dataset_serves_the_smaller_tasks_too(datasets):
    assert "sem_seg_file_name" not in read_records(datasets["panoptic"], "train", "instance")[0]
    assert "semantic_train" in read_records(datasets["panoptic"], "train", "semantic")[0]["sem_seg_file_name"]
    with pytest.raises(DatasetError, match='must be converted with task = "panoptic"'):
        read_records(datasets["instance"], "train", "panoptic")


def test_a_dataset_that_somebody_changed_is_refused(tmp_path):
    folder = make_dataset(tmp_path)
    path = folder / "train.json"
    path.write_bytes(path.read_bytes().replace(b'"iscrowd":0', b'"iscrowd":1', 1))
    with pytest.raises(DatasetError, match="must be as converted"):
        read_records(folder, "train")
    with pytest.raises(DatasetError, match="must be one of the dataset's parts"):
        read_records(folder, "test")


def test_names_are_in_the_catalogs_only_while_somebody_uses_them(datasets):
    before = DatasetCatalog.list(), MetadataCatalog.list()
    folder = datasets["instance"]
    with registered(folder) as names:
        assert folder.name in names["train"]
        with pytest.raises(ZeroDivisionError), registered(folder) as again:
            assert again == names
            raise ZeroDivisionError
        assert len(DatasetCatalog.get(names["train"])) == 6
        with registered(datasets["panoptic"]):
            pass
    assert (DatasetCatalog.list(), MetadataCatalog.list()) == before


def test_metadata_of_the_separated_form_is_complete(datasets):
    with registered(datasets["panoptic"]) as names:
        facts = MetadataCatalog.get(names["train"])
        assert facts.thing_classes == ["cat", "dog"]
        assert facts.stuff_classes == ["things", "sky", "sea"]
        assert facts.thing_dataset_id_to_contiguous_id == {1: 0, 2: 1}
        assert facts.stuff_dataset_id_to_contiguous_id == {0: 0, 3: 1, 4: 2}
        assert len(facts.stuff_colors) == 3
        assert len(facts.thing_colors) == 2
        assert (facts.evaluator_type, facts.ignore_label, facts.label_divisor) == (
            "coco_panoptic_seg",
            255,
            1000,
        )
        for key in ("json_file", "image_root", "panoptic_root", "panoptic_json", "sem_seg_root"):
            assert str(datasets["panoptic"].parents[3]) in getattr(facts, key)


def test_panoptic_deeplab_numbers_things_and_stuff_through(datasets):
    with registered(datasets["panoptic"], whole=True) as names:
        facts = MetadataCatalog.get(names["train"])
        assert facts.stuff_classes == ["cat", "dog", "sky", "sea"]
        assert facts.stuff_dataset_id_to_contiguous_id == {3: 2, 4: 3}


def test_two_copies_of_a_dataset_do_not_share_a_name(datasets, tmp_path):
    shutil.copytree(datasets["instance"].parents[3], tmp_path / "copy")
    other = tmp_path / "copy" / datasets["instance"].relative_to(datasets["instance"].parents[3])
    with registered(datasets["instance"]) as names, registered(other) as others:
        assert other.name == datasets["instance"].name
        assert names["train"] != others["train"]
        assert others["train"].startswith(names["train"])
