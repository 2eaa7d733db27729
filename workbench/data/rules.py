"""Every rule that a finding can have: how grave it is, what it means, and how to mend it.

An error is something a person drew or meant that would not reach the model as drawn; a warning would reach it,
but deserves a look. docs/findings.md shows this table, and a test holds the two together. Reasons in the ledger of
`workbench convert` have the same names.
"""

from typing import NamedTuple

from workbench.data.finding import Finding, Level


class Rule(NamedTuple):
    """One row of docs/findings.md."""

    level: Level
    text: str
    mend: str


E: Level = "error"
W: Level = "warning"

_FILES = {
    "no-annotations": Rule(
        E, "no Labelme file was found", "check the folder's name, or label the first image"
    ),
    "unreadable": Rule(E, "the file cannot be opened", "check that it still exists, and its permissions"),
    "too-large": Rule(
        E, "the file is over 512 MB", "save it without image data (Labelme's default since 6.0)"
    ),
    "torn-file": Rule(
        E, "the file ends too early or is empty", "restore it from a backup, or label the image again"
    ),
    "not-json": Rule(
        E, "the file is not JSON", "restore it from a backup, or mend the line in a text editor"
    ),
    "bad-text": Rule(
        E, "the text is not Unicode in UTF-8", "save the file as UTF-8, retype the broken label"
    ),
    "repeated-key": Rule(
        E, "a key is there twice in one object", "keep the right one: JSON would drop the other"
    ),
    "bad-structure": Rule(E, "a key of the file has the wrong type", "mend the value, or restore the file"),
    "not-labelme": Rule(
        W, "JSON of another kind, left alone", "move it out, or check it by its own name (COCO)"
    ),
    "set-aside": Rule(
        E,
        "the process that worked on it ended, every time",
        "open file and image by themselves: one of them is damaged, or far too large",
    ),
    "bad-name": Rule(E, "a file name is not UTF-8, and is left alone", "rename the file"),
    "hidden": Rule(W, "hidden annotations are left alone", "delete them, or rename them without the dot"),
    "outside-link": Rule(
        W, "a link out of the folder is not followed", "copy what it points to, or use --images"
    ),
}
_SHAPES = {
    "bad-shape": Rule(E, "a shape's entry has wrong types", "delete the shape or draw it again"),
    "bad-points": Rule(E, "the points are not pairs of numbers", "delete the shape or draw it again"),
    "non-finite": Rule(E, "a coordinate is NaN or infinite", "delete the shape or draw it again"),
    "absurd-coordinate": Rule(E, "a coordinate is beyond a million px", "delete the shape or draw it again"),
    "unknown-kind": Rule(E, "the shape type is not known", "correct shape_type, or draw it again"),
    "wrong-point-count": Rule(
        E, "the kind needs another number of points", "draw the shape again in Labelme"
    ),
    "bad-mask": Rule(E, "the picture of a mask cannot be decoded", "draw the mask again"),
    "no-pixels": Rule(E, "the shape covers not one pixel", "delete it, or draw it larger"),
    "outside": Rule(E, "the shape lies wholly outside the image", "delete it, or move it back"),
    "unknown-label": Rule(E, "the label is none of the classes", "correct the label, or add the class"),
    "empty-label": Rule(E, "a shape has no label", "give it one"),
    "hole-without-group": Rule(E, "a hole belongs to no object", "give hole and object the same group id"),
    "mixed-group": Rule(
        W, "one group has several labels", "each label is an instance of its own: use two group ids"
    ),
    "self-crossing": Rule(
        W, "the outline crosses itself", "draw the corner anew; crossed parts may be filled or not"
    ),
    "partly-outside": Rule(
        W, "the shape reaches out of the image", "nothing, if meant so: it is cut at the edge"
    ),
    "mask-size": Rule(W, "a mask's picture and its box differ in size", "draw it again, if it lies wrong"),
}
_IMAGES = {
    "image-missing": Rule(E, "the image is not there", "put it there, correct imagePath, or use --images"),
    "image-outside": Rule(
        E, "imagePath leaves the folder", "move the image in, or name its folder with --images"
    ),
    "image-case": Rule(
        W, "the image's name differs in capitals", "rename it: other systems will not find it"
    ),
    "image-names-json": Rule(
        W, "imagePath names the json itself", "correct imagePath; the equal name was taken"
    ),
    "embedded-only": Rule(
        W, "the image exists only inside the json", "nothing: convert writes it out unchanged"
    ),
    "image-corrupt": Rule(E, "the image cannot be decoded", "restore it from its source"),
    "image-too-large": Rule(E, "the image is too large to be opened", "scale it down, or cut it in tiles"),
    "image-depth": Rule(
        E, "the image has over 8 bits a channel", "save it with 8 bits: readers would clip it to white"
    ),
    "image-colors": Rule(W, "the image is CMYK or has odd channels", "save it as RGB: colours may shift"),
    "turned-tiff": Rule(
        E, "a TIFF has an EXIF orientation", "store it upright: Detectron2 turns such a file twice"
    ),
    "animated-image": Rule(
        W, "the image has several frames", "nothing, if the first frame is the one labelled"
    ),
    "wrong-extension": Rule(
        W, "content and file extension differ", "rename the image, and correct imagePath"
    ),
    "size-disagrees": Rule(E, "the json was drawn at another size", "restore the image that was labelled"),
    "bad-image-data": Rule(W, "imageData cannot be decoded", "save the file again without image data"),
    "embedded-differs": Rule(W, "imageData and image differ in size", "keep the one that was labelled"),
}
_SET = {
    "two-annotations": Rule(E, "two files annotate one image", "merge them into one file"),
    "equal-stems": Rule(
        W, "two images share a name but for the ending", "rename one: Labelme saves both to one json"
    ),
    "duplicate-image": Rule(W, "two images are equal byte for byte", "drop one: it counts twice"),
    "near-duplicate": Rule(
        W, "two images look almost the same", "nothing needed: the split keeps them together"
    ),
    "few-instances": Rule(W, "a class has fewer than 10 instances", "label more of it"),
    "unused-class": Rule(W, "a class has no instance", "label some, or drop it from the list"),
    "class-added-later": Rule(
        W,
        "images were labelled before a class existed",
        "look at them again with workbench label: what is not drawn is taught as background",
    ),
    "similar-labels": Rule(W, "two labels are spelt almost alike", "rename one if they mean the same"),
    "empty-image": Rule(
        W, "an image has no shapes", "nothing, if it shows no object: it is kept as a negative"
    ),
    "image-without-annotation": Rule(W, "an image has no json", "label it, or save it empty as a negative"),
}
_SPLIT = {
    "split-leak": Rule(
        E, "alike images in different parts (a warning where it is a guess)", "put both into one part"
    ),
    "split-moved": Rule(
        W, "a list moves an image to another part", "nothing, if meant so: old scores do not compare"
    ),
    "split-one-group": Rule(
        W, "one group holds most of the images", "narrow the grouping, or list the parts yourself"
    ),
    "split-empty": Rule(W, "a part of the split has no image", "add images of other scenes, or list some"),
    "split-class-missing": Rule(
        W, "a part has no instance of a class", "label it in more scenes, or list some"
    ),
}
_DATASET = {
    "dataset-missing": Rule(E, "a file of the dataset is gone", "convert again"),
    "dataset-changed": Rule(
        E, "a file of the dataset is not as it was converted", "delete the folder, convert again"
    ),
    "dataset-unknown": Rule(W, "a file is in the dataset that is not its own", "move it out"),
}
_COCO = {
    "zero-annotation-id": Rule(
        E, "an annotation has id 0", "count ids from 1: pycocotools takes 0 for unmatched"
    ),
    "zero-id": Rule(
        W, "categories or images count from 0", "count from 1: 0 often means background or nothing"
    ),
    "bad-id": Rule(E, "an id is no whole number", "number them from 1"),
    "duplicate-id": Rule(E, "an id is there twice", "number them anew: readers keep only the last"),
    "unknown-image": Rule(E, "an annotation names an image that is not listed", "list the image, or drop it"),
    "unknown-category": Rule(E, "an annotation names a category that is not listed", "list it, or drop it"),
    "repeated-category": Rule(E, "two categories have one name", "join them under one id"),
    "repeated-image": Rule(W, "two images name one file", "join them under one id"),
    "bad-segmentation": Rule(
        E, "a polygon cannot be a polygon", "draw it again: three points, six numbers or more"
    ),
    "bad-rle": Rule(E, "run lengths that do not fit their image", "write the mask again"),
    "bad-box": Rule(E, "a box is not x, y, width, height", "write it again from the mask"),
    "box-only": Rule(
        W, "annotations have a box and no mask", "fine for boxes; masks cannot be learned from them"
    ),
    "box-differs": Rule(W, "the box is not the mask's", "write it again from the mask"),
    "area-differs": Rule(
        W, "the area is not the mask's", "write it again: small, medium and large depend on it"
    ),
    "crowd-polygon": Rule(W, "a crowd is drawn as polygon", "write crowds as run lengths"),
}
RULES: dict[str, Rule] = {**_FILES, **_SHAPES, **_IMAGES, **_SET, **_SPLIT, **_DATASET, **_COCO}


def find(path: str, where: str, rule: str, message: str) -> Finding:
    """Make a finding at the level that its rule has."""
    return Finding(path=path, where=where, rule=rule, level=RULES[rule].level, message=message)
