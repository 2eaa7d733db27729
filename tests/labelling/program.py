"""A program in Labelme's place that does in a second what a person may do, and what a program may do to a person."""

import sys
from pathlib import Path

TEXT = """#!{python}
import json, os, sys, time
from pathlib import Path
if "--version" in sys.argv:
    print("Labelme {version}")
    sys.exit()
folder, here = Path(sys.argv[1]), Path({said!r}).parent
Path({said!r}).write_text(json.dumps({{"words": sys.argv[1:], "folder": str(Path.cwd())}}))
def read(name):
    return json.loads((folder / name).read_text())
def save(name, raw):
    (folder / name).write_text(json.dumps(raw))
def square(label, left=1, top=1, side=9, **more):
    points = [[left, top], [left + side, top], [left + side, top + side], [left, top + side]]
    return {{"label": label, "points": points, "group_id": None, "shape_type": "polygon", "flags": {{}}, **more}}
{work}
"""


def make_program(folder: Path, work: str = "", version: str = "6.3.1") -> Path:
    """Write it; `work` is what it does with the folder that it is opened on."""
    program = folder / "bin" / "labelme"
    program.parent.mkdir(exist_ok=True)
    said = str(folder / "said.json")
    program.write_text(TEXT.format(python=sys.executable, version=version, said=said, work=work))
    program.chmod(0o755)
    return program
