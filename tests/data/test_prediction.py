"""A row of COCO results and the noun say the same."""

import pytest

from workbench.data.geometry import Box
from workbench.data.mask import Mask
from workbench.data.prediction import Prediction, json_to_prediction

ROW = {"image_id": 3, "category_id": 2, "bbox": [1.5, 2.0, 4.0, 8.0], "score": 0.75}


def test_a_box_is_written_as_corner_and_extent():
    found = json_to_prediction(ROW)
    assert found == Prediction(image_id=3, category_id=2, score=0.75, box=Box(1.5, 2.0, 5.5, 10.0))
    assert found.to_json() == ROW | {"bbox": pytest.approx(ROW["bbox"])}


def test_a_mask_goes_there_and_back():
    row = ROW | {"segmentation": {"size": [2, 3], "counts": "13"}}
    found = json_to_prediction(row)
    assert found.segmentation == Mask(2, 3, b"13")
    written = found.to_json()["segmentation"]
    assert [*written["size"]] == [2, 3]
    assert written["counts"] == "13"
