"""What a picture's file says: formats, orientation, torn and lying files, bombs, and the look."""

import random
import struct
import subprocess
import sys
import time
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from workbench.errors import AnnotationError
from workbench.formats.images import read_facts
from workbench.formats.looks import compute_look

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "MPO")


def scene(width=64, height=48, mode="RGB"):
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def encode(picture, kind, **more):
    stream = BytesIO()
    if kind == "MPO":
        more |= {"save_all": True, "append_images": [picture]}
    picture.save(stream, kind, **more)
    return stream.getvalue()


def with_exif(kind="JPEG", size=(64, 48), **tags):
    exif = Image.Exif()
    exif[0x0112] = tags.get("orientation", 1)
    if "taken" in tags:
        exif.get_ifd(0x8769)[0x9003] = tags["taken"]
        exif.get_ifd(0x8769)[0x9291] = tags.get("fraction", "")
    return encode(scene(*size), kind, exif=exif)


def refusal(content, **more):
    with pytest.raises(AnnotationError) as caught:
        read_facts(content, **more)
    return caught.value.rule


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("pixels", [False, True])
def test_every_format_says_its_size(kind, pixels):
    facts = read_facts(encode(scene(), kind), pixels=pixels)
    assert (facts.width, facts.height, facts.format, facts.notes) == (64, 48, kind, ())
    assert bool(facts.digest) is pixels


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "MPO"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a02_width_and_height_are_those_of_the_image_that_exif_turns_upright(kind, orientation):
    content = with_exif(kind, orientation=orientation)
    facts = read_facts(content)
    assert (facts.width, facts.height) == ImageOps.exif_transpose(Image.open(BytesIO(content))).size
    assert facts.orientation == orientation


def test_a_tiff_with_an_orientation_is_an_error_since_detectron2_turns_it_twice():
    assert [rule for rule, _ in read_facts(with_exif("TIFF", orientation=6)).notes] == ["turned-tiff"]
    upright = read_facts(with_exif("TIFF", orientation=6), pixels=True).look
    assert apart(upright, read_facts(encode(scene().rotate(-90, expand=True), "PNG"), pixels=True).look) <= 4


def test_a02_a_png_that_keeps_its_exif_behind_the_pixels_is_turned_too():
    content = with_exif("PNG", orientation=6)
    place = content.index(b"eXIf") - 4
    length = 12 + struct.unpack(">I", content[place : place + 4])[0]
    moved = content[:place] + content[place + length : -12] + content[place : place + length] + content[-12:]
    assert (read_facts(moved).width, read_facts(moved).orientation) == (48, 6)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_means_nothing_turns_nothing(orientation):
    assert read_facts(with_exif(orientation=orientation)).orientation == 1


def test_broken_exif_says_nothing_and_refuses_nothing():
    content = with_exif(orientation=6)
    place = content.index(b"Exif\0\0") + 6
    facts = read_facts(content[:place] + b"\xff" * 12 + content[place + 12 :])
    assert (facts.width, facts.orientation, facts.taken) == (64, 1, None)


def test_the_capture_time_has_fractions_of_a_second():
    facts = read_facts(with_exif(taken="2019:05:04 12:34:56", fraction="25"))
    assert facts.taken == 1556973296.25


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", ""])
def test_a_capture_time_that_is_none_is_none(taken):
    assert read_facts(with_exif(taken=taken)).taken is None


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (encode(Image.fromarray(np.full((4, 4), 900, np.uint16)), "PNG"), "image-depth"),
        (encode(scene(mode="CMYK"), "JPEG"), "image-colors"),
        (encode(scene(), "GIF", save_all=True, append_images=[scene().rotate(90)]), "animated-image"),
        (encode(scene(), "PNG", save_all=True, append_images=[scene().rotate(90)]), "animated-image"),
    ],
)
def test_odd_pictures_have_a_note(content, rule):
    assert [name for name, _ in read_facts(content, pixels=True).notes] == [rule]


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "LA"])
def test_grey_palette_and_transparent_pictures_are_fine(mode):
    assert read_facts(encode(scene(mode=mode), "PNG"), pixels=True).notes == ()


def test_a_jpeg_that_is_called_png_has_a_note():
    ((rule, message),) = read_facts(encode(scene(), "JPEG"), name="a.PNG").notes
    assert rule == "wrong-extension"
    assert "*.jpg" in message
    assert read_facts(encode(scene(), "JPEG"), name="a.JPEG").notes == ()


@pytest.mark.parametrize("content", [b"", b"<html>", b"RIFF1234WAVE", b"\xff\xd8\xff", b"BM", b"P6"])
def test_what_is_no_picture_is_corrupt(content):
    assert refusal(content) == "image-corrupt"


def survives(content, whole):
    """A torn file is refused, or only lost what no pixel needs."""
    try:
        return read_facts(content, pixels=True).look == whole.look
    except AnnotationError as error:
        return error.rule in ("image-corrupt", "image-too-large")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_torn_file_is_refused_wherever_it_ends(kind):
    content = encode(scene(160, 120), kind)
    whole = read_facts(content, pixels=True)
    ends = np.linspace(0, len(content) - 1, 100).astype(int)
    assert all(survives(content[:end], whole) for end in ends)
    assert refusal(content[: len(content) // 3], pixels=True) == "image-corrupt"  # of two frames, the first


def mutate(content, dice):
    spoiled = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        spoiled[dice.randrange(min(len(spoiled), dice.choice([64, 512, 1 << 20])))] = dice.randrange(256)
    return bytes(spoiled)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_mutated_file_is_read_or_refused_and_nothing_else(kind, count):
    dice, content = (
        random.Random(kind),
        encode(scene(), kind, **({} if kind != "TIFF" else {"compression": "tiff_lzw"})),
    )
    for _ in range(count):
        try:
            read_facts(mutate(content, dice), pixels=True)
        except AnnotationError as error:
            assert error.rule in ("image-corrupt", "image-too-large")


def png_header(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = [
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one))
        for one in (chunk, data, b"IEND")
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tiff_with_tags(count, size=1):
    entries = b"".join(struct.pack("<HHII", 40000 + number % 20000, 1, size, 8) for number in range(count))
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", count) + entries + b"\0" * 8


def big_tiff_with_tags(count):
    return b"II+\0" + struct.pack("<HHQ", 8, 0, 16) + struct.pack("<Q", count) + b"\1" * 20 * 1000


def gif_screen(width, height):
    return (
        b"GIF89a"
        + struct.pack("<HH", width, height)
        + b"\0\0\0,"
        + struct.pack("<HHHHB", 0, 0, width, height, 0)
        + b"\2\2D\1\0;"
    )


def with_block(block):
    """Put an APP1 block in front of a JPEG's tables."""
    return encode(scene(), "JPEG").replace(
        b"\xff\xdb", b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + b"\xff\xdb", 1
    )


BOMBS = {
    "png of 60,000 squared": png_header(60_000, 60_000),
    "png of one endless line": png_header(40_000, 1),
    "gif of 65,535 squared": gif_screen(65_535, 65_535),
    "tiff of 60,000 tags": tiff_with_tags(60_000),
    "tiff whose tags all claim 100 MB": tiff_with_tags(500, 100_000_000),
    "big tiff of a million tags": big_tiff_with_tags(1_000_000),
    "jpeg whose exif is a bomb": with_block(b"Exif\0\0" + tiff_with_tags(2_500).ljust(60_002, b"\0")),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_from_its_header_at_once(name):
    read_facts(png_header(8, 8))
    start = time.perf_counter()
    assert refusal(BOMBS[name]) == "image-too-large"
    assert time.perf_counter() - start < 0.05


def test_a_bomb_is_refused_when_somebody_switched_pillows_guard_off(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert refusal(BOMBS["png of 60,000 squared"]) == "image-too-large"


def test_reading_leaves_pillows_guard_as_it_was():
    before = Image.MAX_IMAGE_PIXELS
    read_facts(encode(scene(), "PNG"), pixels=True)
    assert Image.MAX_IMAGE_PIXELS == before is not None


def test_bombs_take_little_memory(tmp_path):
    for number, content in enumerate(BOMBS.values()):
        (tmp_path / str(number)).write_bytes(content)
    script = f"""
import resource
from pathlib import Path
from PIL import Image
from workbench.formats.images import read_facts
from workbench.errors import AnnotationError
Image.init()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in Path({str(tmp_path)!r}).iterdir():
    try: read_facts(path, pixels=True)
    except AnnotationError: pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    grown = int(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    )
    assert grown < 50 * 1024


def look(picture, **more):
    return read_facts(encode(picture, "JPEG", **more), pixels=True).look


def apart(one, other):
    return (one ^ other).bit_count()


def test_the_look_survives_compression_and_scaling_and_tells_other_pictures_apart():
    picture = scene(320, 240)
    assert apart(look(picture), look(picture, quality=30)) <= 4
    assert apart(look(picture), look(picture.resize((160, 120)))) <= 4
    assert apart(look(picture), look(picture.rotate(180))) > 16


def test_the_look_is_that_of_the_upright_picture():
    picture = scene(320, 240)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = read_facts(encode(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif), pixels=True)
    assert apart(turned.look, look(picture)) <= 4


def test_the_look_is_worked_out_in_whole_numbers():
    ramp = Image.fromarray(np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1)))
    assert compute_look(ramp) == compute_look(ramp.convert("RGB"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "PPM"])
def test_header_facts_are_read_without_pixels(kind, monkeypatch):
    content = encode(scene(), kind)

    def explode(*_):
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", explode)
    assert read_facts(content).width == 64
