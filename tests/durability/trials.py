"""What must be equal at the end of a training, and trials that are disturbed, gone on with, and compared with it."""

import hashlib
import json
import re
import shutil
import socket
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.durability.server import End, Server
from tests.durability.tiny import TASKS, make_project, typed
from workbench.engine.training.checkpoint import list_checkpoints
from workbench.engine.training.launch import ENVIRONMENT
from workbench.engine.training.sealed import SpoiledFile, check_sealed
from workbench.engine.training.weights_file import read_weights

CLOCKS = ("run.json", "speed.jsonl", "log.txt", "lock")  # what may differ: it holds times or who it was
PATIENCE = 120.0  # seconds for a training to get anywhere
SHOWN = "batches.png"  # what the model was shown since the last start


def fingerprint(run: Path) -> dict[str, str]:
    """Every file of a run that is to be equal to the byte, and what run.json says about the end."""
    paths = (path for path in sorted(run.rglob("*")) if path.is_file())
    found = {
        name: _digest(path)
        for path in paths
        if (name := path.relative_to(run).as_posix()) not in (*CLOCKS, SHOWN)
    }
    record = json.loads((run / "run.json").read_bytes())
    return found | {
        f"run.json: {key}": str(record.get(key)) for key in ("state", "best", "step", "precision")
    }


def find_spoiled(run: Path) -> list[str]:
    """What has its final name and other bytes than its manifest says."""
    weights = [path for path in (run / "model_best.pth", run / "model_final.pth") if path.exists()]
    found = []
    for path in (*list_checkpoints(run / "checkpoints"), *weights):
        try:
            check_sealed(path)
        except SpoiledFile as error:
            found.append(str(error))
    return found


def count_steps(run: Path) -> int:
    """The last step that a training has told of."""
    steps = run / "speed.jsonl"
    lines = steps.read_bytes().rpartition(b"\n")[0].splitlines() if steps.exists() else []
    return int(json.loads(lines[-1])["step"]) if lines else 0


def wait_for_step(run: Path, step: int, process: int) -> bool:
    """Wait until a training is so far; False where it ended before, or took too long."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and is_alive(process):
        if count_steps(run) >= step:
            return True
        time.sleep(0.01)
    return False


def is_alive(process: int) -> bool:
    """Whether a process runs; one that ended and was not asked for its code yet does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def find_different(left: Mapping[str, str], right: Mapping[str, str]) -> list[str]:
    """Name what is not equal in two fingerprints, or only in one."""
    return sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))


def _digest(path: Path) -> str:
    """The config says how many workers there were, and weights carry the config: that line is left out."""
    content = path.read_bytes()
    if path.stem in ("model_best", "model_final"):
        if path.suffix == ".json":
            return "checked by reading"
        model, about = read_weights(path)
        about["config"] = re.sub(r"NUM_WORKERS: \d+", "", about["config"])
        tensors = b"".join(name.encode() + value.numpy().tobytes() for name, value in model.items())
        content = tensors + json.dumps(about).encode()
    if path.name == "config.yaml":
        content = re.sub(rb"NUM_WORKERS: \d+", b"", content)
    return hashlib.sha256(content).hexdigest()


@dataclass(slots=True)
class Trials:
    """One kind of model: its project, a fresh run folder for each number of workers, the undisturbed end."""

    kind: str
    home: Path
    server: Server
    workers: Sequence[int] = (0,)
    more: Mapping[str, object] = field(default_factory=dict)  # settings that differ from the tiny training's
    world: int = 1
    whole: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)

    def prepare(self, *words: str, **how: Any) -> None:
        """Train once without a disturbance."""
        self.begin()
        run = self.copy(self.workers[0])
        end = self.go_on(run, *words, **how)
        assert end.code == 0, self.told(run)
        self.whole, self.seconds = fingerprint(run), end.seconds
        run.rename(self.home / "undisturbed")

    def begin(self) -> None:
        """Make the project, and the run folders that trials are copies of."""
        self.home.mkdir(parents=True, exist_ok=True)
        make_project(self.home, TASKS[self.kind])
        for workers in self.workers:
            keys = json.dumps(typed(self.kind, workers=workers, **self.more))
            words = ("begin", self.project, self.template(workers), keys, self.world)
            end = self.server.run(*words, log=self.home / "log.txt")
            assert end.code == 0, (self.home / "log.txt").read_text()

    @property
    def project(self) -> Path:
        return self.home / "projects" / "p"

    def template(self, workers: int) -> Path:
        return self.home / f"begun-{workers}"

    def copy(self, workers: int, name: str = "run") -> Path:
        """A fresh run folder; where pictures are compared, of one name, which stands in them."""
        target = self.project / "runs" / name
        shutil.rmtree(target, ignore_errors=True)  # of a test that failed
        return Path(shutil.copytree(self.template(workers), target))

    def told(self, run: Path) -> str:
        path = self.log(run)
        return path.read_text() if path.exists() else ""

    def log(self, run: Path) -> Path:
        return self.home / f"{run.name}.log"

    def go_on(self, run: Path, *words: str, **how: Any) -> End:
        return self.server.run(*self.words(run, *words), log=self.log(run), **how)

    def start(self, run: Path, *words: str, **how: Any) -> int:
        return self.server.start(*self.words(run, *words), log=self.log(run), **how)

    def words(self, run: Path, *more: str) -> tuple[object, ...]:
        return ("train", self.project, *more, "--resume", run.name)

    def start_group(self, run: Path) -> list[int]:
        """Start the processes of a run of several as torchrun does, but warm, and nobody brings them back."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        place = {**ENVIRONMENT, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        place["WORLD_SIZE"] = str(self.world)
        ranks = [{**place, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(self.world)]
        return [self.start(run, environment=rank) for rank in ranks]

    def go_on_as_group(self, run: Path) -> list[End]:
        """Start them, and wait for all."""
        return [self.server.wait(process) for process in self.start_group(run)]

    def judge(self, run: Path, code: int, what: object) -> list[str]:
        """Compare with the undisturbed run; only a run that is not as it must be is kept."""
        wrong = find_different({} if code else fingerprint(run), self.whole)
        if not wrong:
            shutil.rmtree(run)
            return []
        kept = shutil.move(run, self.home / f"differs-{what}")
        return [f"{kept}: exit code {code}, differs in {', '.join(wrong)}: {self.told(run)[-2000:]}"]
