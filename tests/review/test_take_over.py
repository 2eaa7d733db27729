"""Labels that are written again keep what persons said of them, also where two look the same."""

from workbench.review.fields import NUMBER
from workbench.review.labels import Known
from workbench.review.segments import find_truths


def row(number, *tags, label="cat", box=(0.1, 0.1, 0.2, 0.2), identity=None):
    return {
        "_id": identity or f"id{number}",
        "label": label,
        "bounding_box": list(box),
        "tags": list(tags),
        NUMBER: number,
    }


def test_two_labels_that_look_the_same_keep_a_tag_each():
    known = Known(rows=[row(0, "relabel"), row(1, "fine")], numbered=False)
    rows, lost = known.take_over([row(7, identity="new7"), row(8, identity="new8")])
    assert [(one["_id"], one["tags"]) for one in rows] == [("id0", ["relabel"]), ("id1", ["fine"])]
    assert lost == []


def test_the_tag_of_a_twin_that_is_no_more_is_not_lost():
    known = Known(rows=[row(0, "relabel"), row(1, "fine")], numbered=False)
    rows, lost = known.take_over([row(7)])
    assert (len(rows), rows[0]["tags"], lost) == (1, ["relabel"], ["fine"])


def test_pictures_of_two_images_of_one_stem_are_found(tmp_path):
    import orjson

    from workbench.data.manifest import Manifest

    names = ("a.jpg", "a.png", "b.jpg")
    (tmp_path / "val.json").write_bytes(orjson.dumps({"images": [{"file_name": name} for name in names]}))
    (tmp_path / "semantic_val").mkdir()
    for name in ("a.jpg.png", "a.png.png", "b.png"):
        (tmp_path / "semantic_val" / name).write_bytes(b"")
    manifest = Manifest.__new__(Manifest)
    object.__setattr__(manifest, "task", "semantic")
    found = find_truths(tmp_path, manifest, "val")
    assert [(one.key, one.source.name) for one in found] == [
        ("a.jpg", "a.jpg.png"),
        ("a.png", "a.png.png"),
        ("b.jpg", "b.png"),
    ]
