"""Running pip for a step: the output goes to the step's log, the activity to its line."""

import os
import re
import subprocess
from pathlib import Path

from tools.install.environment import Environment, find_installed
from tools.install.screen import StepLine

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
# With another torch in place (a machine with a GPU often has one) these pins make no sense.
TORCH_FAMILY = re.compile(r"(torch|torchvision|triton|nvidia-[\w-]+|cuda-[\w-]+)==")
QUIET = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "PYTHONUNBUFFERED": "1",
}
DOING = re.compile(
    r"\s*(Collecting|Downloading|Building wheel|Installing collected packages|Using cached|Cloning)(.*)"
)


class StepFailed(Exception):
    """A step could not be done; its log says why, and the advice follows from it unless it is given."""

    def __init__(self, what: str, log: str, advice: str = "") -> None:
        super().__init__(what)
        self.what, self.log, self.advice = what, log, advice


class Pip:
    """pip of one environment, for one step."""

    def __init__(self, environment: Environment, step: str, line: StepLine) -> None:
        self.environment, self.line = environment, line
        self.log = environment.records / f"{step}.log"
        environment.records.mkdir(parents=True, exist_ok=True)
        self.log.write_text("")

    def install(self, *arguments: str | Path) -> None:
        """`pip install` under the constraints."""
        constraints = self.write_constraints()
        limits: list[str | Path] = ["--constraint", constraints]
        if "--no-build-isolation" not in arguments and self.knows_build_constraints():
            limits += ["--build-constraint", constraints]
        self.run("install", "--retries", "3", *limits, *arguments)

    def run(self, *arguments: str | Path) -> str:
        """Any pip command, with its output in the log; returns it."""
        command = [self.environment.python, "-m", "pip", *arguments]
        lines = [f"$ {' '.join(map(str, command))}\n"]
        with (
            self.log.open("a") as log,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=os.environ | QUIET,
                cwd=ROOT,
                text=True,
                errors="replace",
            ) as program,
        ):
            log.write(lines[0])
            for text in program.stdout or ():
                lines.append(text)
                log.write(text)
                log.flush()
                if doing := DOING.match(text):
                    self.line.at(f"{doing[1]}{doing[2]}")
        if program.returncode < 0:
            advice = "something killed it (too little memory?): run the same again, it goes on from there"
            raise StepFailed(f"pip was ended by signal {-program.returncode}", "".join(lines), advice)
        if program.returncode:
            raise StepFailed(f"pip ended with {program.returncode}", "".join(lines))
        return "".join(lines)

    def knows_build_constraints(self) -> bool:
        """pip 25.3 and later hold build environments to constraints as well."""
        version = find_installed(self.environment.packages).get("pip", "0")
        return tuple(int(n) for n in re.findall(r"\d+", version)[:2]) >= (25, 3)

    def write_constraints(self) -> Path:
        """constraints.txt; in a person's own environment without the torch family when a torch is there already."""
        found = find_installed(self.environment.packages)
        if self.environment.own or "torch" not in found:
            return CONSTRAINTS
        pins = [p for p in CONSTRAINTS.read_text().splitlines() if not TORCH_FAMILY.match(p)]
        pins += [f"{name}=={found[name]}" for name in ("torch", "torchvision") if name in found]
        target = self.environment.records / "constraints.txt"
        target.write_text("\n".join(pins) + "\n")
        return target
