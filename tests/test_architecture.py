"""The house as tables: who may import whom, who owns which library, and how long things may be."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import pytest

from workbench.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]

# From the ground up. A room imports from floors below its own, never from its neighbours or from above.
FLOORS = (
    ("errors",),
    ("extras", "files", "parallel", "progress", "redaction"),
    ("data",),
    ("project_folder",),
    ("project",),
    ("formats", "jobs", "prepare", "run", "settings", "sharding"),
    ("conversion", "doctor", "drafting", "evaluation", "fetching", "importing", "segmenting"),
    ("report",),  # shows what evaluation found; trainings draw with its pencils
    (
        "engine",
        "inspection",
        "labelling",
        "review",
        "sweeps",
    ),  # inspection looks at a project as conversion would
    ("commands",),
    ("cli",),
    ("__main__",),
)

# Library -> the only places that may import it. No place: nobody may (labelme is GPL-3.0: never imported).
OWNERS = {
    "torch": ("doctor.probes", "engine"),
    "torchvision": ("doctor.probes", "engine"),
    "detectron2": ("doctor.probes", "engine"),
    "fvcore": ("engine",),
    "hotcoco": ("evaluation",),
    "tensorboard": ("engine.watching",),
    "mlflow": ("engine.watching",),
    "wandb": ("engine.watching",),
    "fiftyone": ("review.session", "review.plugin"),
    "labelme": (),
    "optuna": ("sweeps.search",),
    "submitit": ("jobs.engines.slurm_batch",),
    "ray": ("jobs.engines.ray_driver",),
    "panopticapi": (),
    "cv2": ("segmenting",),
    "skimage": ("segmenting",),
    "pycocotools": ("data.mask",),
    "shapely": ("drafting.outlines", "prepare.check_rings"),
    "defusedxml": ("importing.xml_reader",),
    "msgspec": (
        "conversion.labels",
        "conversion.sharded.records",
        "evaluation.coco.tidy_results",
        "evaluation.coco.tidy_truth",
        "formats.labelme_clean",
    ),
    "jinja2": ("report",),
    "markupsafe": ("report",),
    "tqdm": ("progress", "commands.fetch", "engine.watching"),
    "PIL": ("data.mask", "formats", "importing", "report", "engine", "review", "segmenting"),
    "numpy": (
        "data",
        "formats",
        "importing",
        "prepare",
        "conversion",
        "drafting",
        "report",
        "engine",
        "evaluation",
        "review",
        "segmenting",
    ),
}

# Needed by nothing that only prints help or refuses a word.
HEAVY = {
    "numpy",
    "PIL",
    "cv2",
    "shapely",
    "pycocotools",
    "torch",
    "detectron2",
    "fiftyone",
    "skimage",
    "tqdm",
}

# Who catches everything: the command line, what calls foreign programs that only look on at a training, and what
# serves the jobs of all projects, where one must not stop the others.
CATCHERS = {"cli", "engine.watching.adapters", "jobs.daemon"}

BANNED = {"util", "utils", "helper", "helpers", "common", "core", "base", "manager", "misc"}
LONGEST_MODULE = {"formats.labelme": 400}
OVERRIDES = {"redirect_request"}  # a signature of the standard library


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the package; `name` is without `workbench.`."""

    name: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def room(self) -> str:
        return self.name.split(".")[0]


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted((ROOT / "workbench").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT / "workbench").with_suffix("").parts)
        text = path.read_text(encoding="utf-8")
        found.append(Module(name.removesuffix(".__init__"), path, ast.parse(text), len(text.splitlines())))
    return tuple(found)


@cache
def imports(module: Module) -> tuple[tuple[str, bool], ...]:
    """Every imported module, and whether a plain import of this module loads it."""
    late = {id(node) for one in functions(module) for node in ast.walk(one)}
    late |= {id(node) for guard in _type_guards(module.tree) for node in ast.walk(guard)}
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) not in late) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(name, id(node) not in late) for name in _targets(node)]
    return tuple(found)


def _targets(node: ast.ImportFrom) -> list[str]:
    """`from workbench.data import mask` means workbench.data.mask."""
    known = {f"workbench.{module.name}" for module in modules()}
    return [
        full if (full := f"{node.module}.{alias.name}") in known else str(node.module) for alias in node.names
    ]


def _type_guards(tree: ast.Module) -> Iterator[ast.If]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield node


def functions(module: Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def floor(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def positional(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def test_every_room_is_on_a_floor_and_every_floor_is_used():
    rooms = {module.room for module in modules() if module.name != "__init__"}
    assert rooms == {room for rooms in FLOORS for room in rooms}


def test_no_import_goes_up_or_next_door():
    wrong = []
    for module in modules():
        for target, _ in imports(module):
            room = target.removeprefix("workbench.").split(".")[0]
            if not target.startswith("workbench.") or room == module.room:
                continue
            if floor(room) >= floor(module.room):
                wrong.append(f"{module.name} imports {target}")
    assert not wrong


def test_no_two_modules_import_each_other_not_even_in_a_circle():
    graph = defaultdict(set)
    for module in modules():
        graph[f"workbench.{module.name}"] = {
            name for name, _ in imports(module) if name.startswith("workbench.")
        }
    settled: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a circle: {' → '.join((*way[way.index(name) :], name))}"
        if name not in settled:
            for target in sorted(graph.get(name, ())):
                walk(target, (*way, name))
            settled.add(name)

    for name in sorted(graph):
        walk(name, ())


def test_each_library_is_imported_by_its_owners_only():
    wrong = []
    for module in modules():
        for target, _ in imports(module):
            library = target.split(".")[0]
            owners = OWNERS.get(library, (module.name,))
            if not any(module.name == owner or module.name.startswith(f"{owner}.") for owner in owners):
                wrong.append(f"{module.name} imports {library}")
    assert not wrong


def test_the_rooms_that_the_command_line_starts_with_load_nothing_heavy():
    """The nouns, the formats and the verbs import heavy libraries inside functions."""
    wrong = [
        f"{module.name} imports {target} at the top"
        for module in modules()
        for target, early in imports(module)
        if early
        and target.split(".")[0] in HEAVY
        and module.room in ("data", "formats", "project", "commands", "cli")
    ]
    assert not wrong


@pytest.mark.parametrize("words", ["--help", "--version", "chekc", *(f"{verb} --help" for verb in COMMANDS)])
def test_help_loads_nothing_heavy(words):
    code = f"import sys; from workbench.cli import main; main({words.split()}); print('|', *sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(shown.stdout.rpartition("|")[2].split())
    assert not loaded & HEAVY


def test_prepare_never_opens_a_file():
    doors = {
        "open",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "write_atomically",
        "iterdir",
        "rglob",
    }
    wrong = [
        f"{module.name}:{node.lineno}: {name}"
        for module in modules()
        if module.room == "prepare"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func).rpartition(".")[2]) in doors
    ]
    wrong += [
        f"{m.name}: pathlib" for m in modules() if m.room == "prepare" if ("pathlib", True) in imports(m)
    ]
    assert not wrong


def test_the_library_neither_asserts_nor_prints():
    wrong = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assert)
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "print")
        or (
            isinstance(node, ast.Attribute)
            and ast.unparse(node) == "sys.stdout.write"
            and module.name not in ("cli", "commands.output")
        )
    ]
    assert not wrong


def test_everything_is_caught_in_three_places_only():
    wrong = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler):
                kinds = (
                    {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
                    if node.type
                    else {""}
                )
                if kinds & {"", "Exception", "BaseException"} and module.name not in CATCHERS:
                    wrong.append(f"{module.name}:{node.lineno}")
    assert not wrong


def test_every_module_says_what_it_is_for_and_every_public_name_too():
    wrong = [module.name for module in modules() if not ast.get_docstring(module.tree)]
    for module in modules():
        for node in module.tree.body:
            named = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if named and not ast.get_docstring(node):
                wrong.append(f"{module.name}.{node.name}")
    assert not wrong


def test_a_module_fits_on_a_few_screens():
    long = [f"{m.name}: {m.lines}" for m in modules() if m.lines > LONGEST_MODULE.get(m.name, 300)]
    assert not long
    assert median(module.lines for module in modules()) <= 90


def test_a_function_fits_on_one_screen():
    every = [(f"{m.name}.{function.name}", function) for m in modules() for function in functions(m)]
    assert not [f"{name}: {length(function)} lines" for name, function in every if length(function) > 50]
    assert median(length(function) for _, function in every) <= 8


def test_a_function_takes_at_most_five_positional_parameters():
    every = [(f"{m.name}.{function.name}", function) for m in modules() for function in functions(m)]
    wrong = [name for name, function in every if positional(function) > 5 and function.name not in OVERRIDES]
    assert not wrong


def test_names_say_what_is_in_them():
    files = [m.name for m in modules() if BANNED & set(m.name.replace(".", "_").split("_"))]
    named = [
        f"{m.name}.{f.name}"
        for m in modules()
        for f in functions(m)
        if (BANNED - {"base"}) & set(f.name.split("_"))  # a base is also what a path is seen from
    ]
    assert not files + named


def test_the_nouns_cannot_be_changed():
    loose = []
    for module in modules():
        for node in ast.walk(module.tree) if module.room == "data" else ():
            if isinstance(node, ast.ClassDef):
                marks = {ast.unparse(mark) for mark in node.decorator_list}
                marks |= {
                    "frozen=True, slots=True" for base in node.bases if ast.unparse(base) == "NamedTuple"
                }
                if not any("frozen=True" in mark and "slots=True" in mark for mark in marks):
                    loose.append(f"{module.name}.{node.name}")
    assert not loose
