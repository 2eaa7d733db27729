"""All facts, found at the same time in several processes."""

from concurrent.futures import ThreadPoolExecutor

from workbench.doctor.fact import Fact
from workbench.doctor.machine import find_driver, find_machine, judge_gpu
from workbench.doctor.parts import PARTS, find_version, judge
from workbench.doctor.probes import IMPORTS, probe
from workbench.doctor.programs import find_fiftyone, find_labelme
from workbench.doctor.training import TOGETHER, judge_training, look_at_torch

GROUPS = ("machine", "core", "train", "label", "review", "serve", "scale")
APART = {*(part.project for part in TOGETHER), "labelme", "fiftyone"}


def examine() -> list[Fact]:
    """Every fact, in the order of the groups."""
    with ThreadPoolExecutor() as pool:
        torch = pool.submit(look_at_torch)
        fiftyone = pool.submit(find_fiftyone)
        packages = pool.submit(find_packages)
        labelme = pool.submit(find_labelme)
        driver = pool.submit(find_driver)
        facts = find_machine()
    seen = torch.result()
    facts.append(judge_gpu(driver.result(), seen.get("torch") if isinstance(seen, dict) else None))
    facts += [*judge_training(seen), *packages.result(), *labelme.result(), *fiftyone.result()]
    return sorted(facts, key=lambda fact: GROUPS.index(fact.group))


def find_packages() -> list[Fact]:
    """Those that can be looked at alone: one process imports all that are installed."""
    alone = [part for part in PARTS if part.project not in APART]
    modules = tuple(part.module for part in alone if part.module and find_version(part.project))
    trouble = probe(IMPORTS, modules)
    found = trouble if isinstance(trouble, dict) else dict.fromkeys(modules, str(trouble))
    return [judge(part, found.get(part.module, "")) for part in alone]
