"""A manifest survives its file, and one that was tampered with is refused."""

import json

import pytest

from tests.prepare.test_lineage import MANIFEST
from workbench.errors import DatasetError
from workbench.formats.manifest import dict_to_manifest, manifest_to_dict, read_manifest, write_manifest


def test_a_manifest_comes_back_from_its_file_as_it_was(tmp_path):
    write_manifest(tmp_path, MANIFEST)
    assert read_manifest(tmp_path) == MANIFEST


def test_a_manifest_comes_back_from_json_as_it_was():
    raw = json.loads(json.dumps(manifest_to_dict(MANIFEST)))
    assert dict_to_manifest(raw, "manifest.json") == MANIFEST
    assert list(raw["outputs"]) == ["train.json", "val.json"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"fingerprint": 5},
            r"manifest.json: manifest.fingerprint: must be str, but got 5; run workbench convert again",
        ),
        ({"sources": [{"image": "a"}]}, r'sources\[0\]: must be an object with "annotation"'),
        ({"sources": 5}, "sources: must be a list"),
        ({"categories": [5]}, r"categories\[0\]: must be an object"),
        ({"outputs": []}, "manifest.outputs: must be an object"),
        ({"extra": 1}, 'has "extra"'),
    ],
)
def test_a_manifest_that_was_tampered_with_is_refused_in_one_line(change, words):
    with pytest.raises(DatasetError, match=words):
        dict_to_manifest(manifest_to_dict(MANIFEST) | change, "manifest.json")
    with pytest.raises(DatasetError, match="must be an object"):
        dict_to_manifest([], "manifest.json")
