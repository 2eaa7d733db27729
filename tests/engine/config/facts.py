"""Facts and situations made by hand, for the rules that read them."""

import numpy as np

from workbench.engine.config.boxes import DatasetFacts, PartFacts
from workbench.engine.config.derive import fit_config
from workbench.engine.config.machine import Machine
from workbench.engine.models.build import row_config
from workbench.engine.models.table import MODELS
from workbench.settings import Settings

CPU = Machine(device="cpu", memory_gb=8, cores=2)
CARD = Machine(device="cuda", memory_gb=40, cores=16)


def make_part(
    images=10, *, size=(640, 480), boxes=(), of=(), kinds=None, class_images=(), stuff_areas=(), run_lengths=0
):
    """`boxes` are x, y, width, height; `of` the image of each (all in the first unless said)."""
    boxes = np.array(boxes, float).reshape(-1, 4)
    return PartFacts(
        sizes=np.array([size] * images, float),
        boxes=boxes,
        box_image=np.array(of if len(of) else [0] * len(boxes), np.int64),
        box_class=np.array(kinds if kinds is not None else [0] * len(boxes), np.int64),
        crowds=0,
        run_lengths=run_lengths,
        class_images=tuple(class_images),
        class_instances=tuple(class_images),
        stuff_areas=np.array(stuff_areas, float),
    )


def make_facts(train, *, task="instance", things=("balloon",), stuff=()):
    return DatasetFacts(fingerprint="f", task=task, things=things, stuff=stuff, parts={"train": train})


BIG = [(10, 10, 200, 180)] * 30


def fit(name="mask_rcnn_r50", facts=None, *, settings=None, said=None, machine=CPU, world=1):
    """Derive without a dataset folder."""
    model = MODELS[name]
    facts = facts or make_facts(make_part(100, boxes=BIG, of=range(30), class_images=(30,)))
    return fit_config(
        row_config(model),
        said or {},
        model=model,
        facts=facts,
        settings=settings or Settings(),
        machine=machine,
        world=world,
    )
