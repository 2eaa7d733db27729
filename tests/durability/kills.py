"""Kill trainings at random moments, go on with them until they are done, and compare with runs that nobody disturbed.

python -m tests.durability.kills --kills 1000
"""

import argparse
import hashlib
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.durability.server import Server
from tests.durability.tiny import KINDS, make_project, typed
from workbench.engine.training.weights_file import read_weights

CLOCKS = ("run.json", "speed.jsonl", "log.txt", "lock")  # what may differ: it holds times or who it was
SHOWN = "batches.png"  # what the model was shown since the last start
WORKERS = (0, 1, 2)


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
    whole: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)

    def prepare(self) -> None:
        """Train once without a kill."""
        self.home.mkdir(parents=True, exist_ok=True)
        make_project(self.home, KINDS[self.kind])
        for workers in WORKERS:
            keys = json.dumps(typed(self.kind, workers=workers))
            end = self.server.run(
                "begin", self.project, self.template(workers), keys, log=self.home / "log.txt"
            )
            assert end.code == 0, (self.home / "log.txt").read_text()
        run = self.copy(0)
        end = self.go_on(run)
        assert end.code == 0, self.told(run)
        self.whole, self.seconds = fingerprint(run), end.seconds
        run.rename(self.home / "undisturbed")

    @property
    def project(self) -> Path:
        return self.home / "projects" / "p"

    def template(self, workers: int) -> Path:
        return self.home / f"begun-{workers}"

    def copy(self, workers: int) -> Path:
        """A fresh run folder; always of one name, which stands in the pictures."""
        return Path(shutil.copytree(self.template(workers), self.project / "runs" / "run"))

    def told(self, run: Path) -> str:
        path = self.log(run)
        return path.read_text() if path.exists() else ""

    def log(self, run: Path) -> Path:
        return self.home / f"{run.name}.log"

    def go_on(self, run: Path, **more):
        return self.server.run("train", self.project, "--resume", run.name, log=self.log(run), **more)

    def try_once(self, number: int, chance: random.Random, most: int) -> list[str]:
        """Kill one run up to `most` times; return what differs in the end."""
        workers = WORKERS[number % len(WORKERS)]
        run, left = self.copy(workers), most
        while left:
            end = self.go_on(run, kill_after=chance.uniform(0.02, 0.7 * self.seconds))
            if end.code != -9:
                break
            left -= 1
            self.counts["kills"] += 1
            self.counts["temporary files left"] += len(list(run.rglob(".*.tmp")))
        else:
            end = self.go_on(run)
        self.counts["trainings"] += 1
        return self.judge(run, end.code, number)

    def judge(self, run: Path, code: int, number: int) -> list[str]:
        """Compare with the undisturbed run; only a run that is not as it must be is kept."""
        found = {} if code else fingerprint(run)
        wrong = sorted(
            key for key in found.keys() | self.whole.keys() if found.get(key) != self.whole.get(key)
        )
        if not wrong:
            shutil.rmtree(run)
            return []
        kept = run.rename(self.home / f"differs-{number}")
        return [f"{kept}: exit code {code}, differs in {', '.join(wrong)}: {self.told(run)[-2000:]}"]


def kill_many(
    home: Path, kills: int, seed: int, kinds: tuple[str, ...] = tuple(KINDS)
) -> tuple[Counter[str], list[str]]:
    """Spread so many kills over the kinds; return the counts and what went wrong."""
    server, wrong, counts = Server(), [], Counter()
    try:
        for place, kind in enumerate(kinds):
            trials, chance, number = Trials(kind, home / kind, server), random.Random(f"{seed} {kind}"), 0
            trials.prepare()
            wanted = kills * (place + 1) // len(kinds) - kills * place // len(kinds)
            while trials.counts["kills"] < wanted:
                most = min(chance.choice((2, 4, 8)), wanted - trials.counts["kills"])
                wrong += trials.try_once(number, chance, most)
                number += 1
            counts += trials.counts
    finally:
        server.close()
    return counts, wrong


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    args = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="workbench-kills-"))
    began = time.monotonic()
    counts, wrong = kill_many(home, args.kills, args.seed, tuple(args.kinds))
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    seconds = time.monotonic() - began
    sys.stdout.write(f"{dict(counts)}, {len(wrong)} runs differ, {seconds:.0f} s, seed {args.seed}\n")
    if not wrong:
        shutil.rmtree(home)
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
