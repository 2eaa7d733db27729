"""Truth and prediction as one picture that stands for itself: the two sides, each with its name on it."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from workbench.report.drawing.pencil import Drawn, Job, draw_views

GAP = 4
QUALITY = 86
SIDES = ("truth", "model")
PAPER, PILL, INK = (255, 255, 255), (24, 24, 26), (255, 255, 255)


def draw_pairs(job: Job) -> list[Drawn]:
    """Join each two views that follow one another, truth and prediction, under the key of the first."""
    drawn = draw_views(job)
    return [_join(one[0].key, (one[1], other[1])) for one, other in zip(drawn[::2], drawn[1::2], strict=True)]


def _join(key: str, sides: tuple[Image.Image, Image.Image]) -> Drawn:
    width, height = sides[0].size
    picture = Image.new("RGB", (2 * width + GAP, height), PAPER)
    for place, (side, name) in enumerate(zip(sides, SIDES, strict=True)):
        left = place * (width + GAP)
        picture.paste(side, (left, 0))
        _name(picture, left + 6, height - 6, name)
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=QUALITY)
    return Drawn(key=key, content=stream.getvalue(), width=picture.width, height=picture.height)


def _name(picture: Image.Image, left: int, bottom: int, text: str) -> None:
    """A dark label, readable on any photograph and where the picture is shown small."""
    size = max(11, picture.width // 42)
    font, draw = ImageFont.load_default(size), ImageDraw.Draw(picture)
    wide, high = round(draw.textlength(text, font)) + size, round(size * 1.5)
    draw.rounded_rectangle((left, bottom - high, left + wide, bottom), high // 2, PILL)
    draw.text((left + size // 2, bottom - high // 2), text, INK, font, anchor="lm")
