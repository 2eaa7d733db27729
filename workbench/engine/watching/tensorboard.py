"""TensorBoard: losses of training and validation in one chart, scores, and pictures of the same images over time.

Written in one go and by this process, not by the thread of tensorboard's own writer: a full disk is then an error
that can be caught here, and leaves a whole file; and no thread is in the way of data workers that are forked.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from time import time
from typing import Any

from PIL import Image

from workbench.engine.watching.append import append_bytes
from workbench.extras import require
from workbench.run import Run

KINDS = ("train", "val")  # a folder each: equal tags of two folders are two lines in one chart
GROUPS = {"lr": "training", "gradient": "training"}


def open_watcher(run: Run, step: int, about: Mapping[str, Any]) -> "TensorBoard":
    """Start in the run's folder; what an earlier process wrote behind `step` is marked as gone."""
    return TensorBoard(run.events, step)


class TensorBoard:
    """Writes event files."""

    def __init__(self, folder: Path, step: int) -> None:
        require("tensorboard", extra="train")
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        self._files = {kind: _next_file(folder / kind) for kind in KINDS}
        for kind in KINDS:
            self._write(kind, Event(wall_time=time(), file_version="brain.Event:2"))
            if step:  # everything from this step on comes again
                self._write(
                    kind,
                    Event(wall_time=time(), step=step + 1, session_log=SessionLog(status=SessionLog.START)),
                )

    def scalars(self, step: int, kind: str, values: Mapping[str, float]) -> None:
        """One event with all numbers of a step."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        rows = [Summary.Value(tag=find_tag(kind, name), simple_value=value) for name, value in values.items()]
        self._summarise(step, kind, Summary(value=rows))

    def picture(self, step: int, tag: str, array: Any) -> None:
        """A picture under the validation's tags."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        stream = BytesIO()
        Image.fromarray(array).save(stream, "PNG")
        height, width = array.shape[:2]
        shown = Summary.Image(
            height=height, width=width, colorspace=3, encoded_image_string=stream.getvalue()
        )
        self._summarise(step, "val", Summary(value=[Summary.Value(tag=tag, image=shown)]))

    def close(self) -> None:
        """Everything is written already."""

    def _summarise(self, step: int, kind: str, summary: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        folder = kind if kind in KINDS else "train"
        self._write(folder, Event(wall_time=time(), step=step, summary=summary))

    def _write(self, kind: str, event: Any) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        stream = BytesIO()
        RecordWriter(stream).write(event.SerializeToString())
        append_bytes(self._files[kind], stream.getvalue())


def find_tag(kind: str, name: str) -> str:
    """Name a number so that what belongs together stands together: loss/total, loss/mask, scores/mask.AP."""
    if name == "loss" or name.startswith("loss_"):
        return f"loss/{name[5:] or 'total'}"
    if kind == "val":
        return f"scores/{name}"
    return f"{GROUPS.get(name, kind)}/{name}"


def _next_file(folder: Path) -> Path:
    """TensorBoard reads the files of a folder in the order of their names: numbers, since clocks can go back."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = [int(path.name.split(".")[3]) for path in folder.glob("events.out.tfevents.*.workbench")]
    return folder / f"events.out.tfevents.{max(numbers, default=0) + 1:010}.workbench"
