"""A stand-in for `workbench train PROJECT KEY VALUE … --run NAME`: as good as its values say, goes on where it was.

Its score is best at lr 0.01 and kind b; lr above 0.9 diverges, kind x fails, kind s sleeps until it is told to end, or
`go` is in the run folder. `started` there has a line for each time it was begun.
"""

import json
import math
import os
import signal
import sys
import time
from pathlib import Path

STEPS = 6


def measure(lr: float, kind: str) -> float:
    return 1 - (math.log10(lr) + 2) ** 2 / 4 - 0.2 * (kind != "b")


def write(path: Path, content: dict[str, object]) -> None:
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(content))
    part.replace(path)


def main() -> int:
    project, words = Path(sys.argv[1]), sys.argv[2:]
    values = dict(zip(words[::2], words[1::2], strict=True))
    folder = project / "runs" / values["--run"]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "started").open("a") as stream:
        stream.write(f"{os.getpid()}\n")
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    lr, kind, pause = float(values["lr"]), values["kind"], float(os.environ.get("STAND_IN_PAUSE", "0.05"))
    record = {"task": "instance", "steps": STEPS, "state": "running"}
    if kind == "x":
        return 65
    if lr > 0.9:
        reason = "step 1: every loss must be a finite number, but loss_mask is not; the images were a.png"
        write(folder / "run.json", record | {"state": "failed", "reason": reason})
        return 1
    write(folder / "run.json", record)
    top = measure(lr, kind) + float(values.get("train.seed", 0)) / 10
    metrics = folder / "metrics.jsonl"
    done = metrics.read_bytes().count(b"\n") if metrics.exists() else 0
    for step in range(done + 1, STEPS + 1):
        while kind == "s" and not (asked or (folder / "go").exists()):
            time.sleep(0.02)
        time.sleep(pause)
        with metrics.open("a") as stream:
            stream.write(json.dumps({"kind": "val", "mask.AP": top * step / STEPS, "step": step}) + "\n")
        if asked:
            write(folder / "run.json", record | {"state": "stopped"})
            return 143
    best = {"metric": "mask.AP", "value": top, "step": STEPS}
    write(folder / "run.json", record | {"state": "finished", "best": best})
    return 0


if __name__ == "__main__":
    sys.exit(main())
