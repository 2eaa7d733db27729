"""The three sets: how many photographs, what they are called, and who paints them."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from tools.draw import balloons, chipsets, faces
from tools.draw.canvas import Canvas


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One set of drawn photographs; `shown` are those of the contact sheet."""

    name: str
    count: int
    labels: tuple[str, ...]
    paint: Callable[[int], Canvas]
    name_file: Callable[[int], str]
    exif: Callable[[int], Image.Exif | None]
    shown: tuple[int, ...]


def _without_exif(index: int) -> None:
    return None


SAMPLES = {
    sample.name: sample
    for sample in (
        Sample(
            name="balloons",
            count=balloons.COUNT,
            labels=("balloon", "hole"),
            paint=balloons.paint_photograph,
            name_file="balloons-{:03d}".format,
            exif=_without_exif,
            shown=(0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13),
        ),
        Sample(
            name="chipsets",
            count=chipsets.COUNT,
            labels=(
                "arduino_nano",
                "esp8266",
                "raspberry_pi_3",
                "heltec_esp32_lora",
                "board",
                "background",
            ),
            paint=chipsets.paint_photograph,
            name_file=chipsets.file_name,
            exif=chipsets.exif_of,
            shown=(0, 1, 5, 6, 8, 10, 14, 15, 19, 20, 24, 30),
        ),
        Sample(
            name="faces",
            count=faces.COUNT,
            labels=("face", "eye", "mouth"),
            paint=faces.paint_photograph,
            name_file="faces-{:03d}".format,
            exif=_without_exif,
            shown=(1, 2, 3, 4, 5, 7, 9, 10, 11, 14, 15, 16),
        ),
    )
}
