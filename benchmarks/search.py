"""Whether a search finds more than chance, with as many trials: python -m benchmarks.search [--rounds 30].

Cheap functions stand for trainings: Branin's (two numbers), Hartmann's (three), and a made one like a learning rate
beside a choice and a number that hardly matters. Each is searched with new seeds; what counts is the best value found.
"At once" is four trials beside each other, which do not know of each other's ends.
"""

import argparse
import math
import random
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import mean, median

import optuna

from workbench.sweeps.plan import SearchPlan
from workbench.sweeps.search import show_values, take_up, tell

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something to be searched, and the best that there is to find."""

    name: str
    axes: Mapping[str, str]
    compute: Callable[[Values], float]
    top: float


def compute_branin(values: Values) -> float:
    """Two numbers, three tops."""
    x, y = float(values["x"]), float(values["y"])
    bend = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return -(bend * bend + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


def compute_hartmann(values: Values) -> float:
    """Three numbers, four tops of different heights."""
    scales = ((3, 10, 30), (0.1, 10, 35), (3, 10, 30), (0.1, 10, 35))
    places = (
        (0.3689, 0.117, 0.2673),
        (0.4699, 0.4387, 0.747),
        (0.1091, 0.8732, 0.5547),
        (0.0382, 0.5743, 0.8828),
    )
    point = [float(values[key]) for key in "xyz"]
    return sum(
        height * math.exp(-sum(a * (x - p) ** 2 for a, x, p in zip(scale, point, place, strict=True)))
        for height, scale, place in zip((1, 1.2, 3, 3.2), scales, places, strict=True)
    )


def compute_rate(values: Values) -> float:
    """A learning rate that is right within a factor of four, a choice that matters less, a decay that hardly does."""
    rate = math.log10(float(values["lr"]))
    choice = {"step": 0.0, "cosine": 0.05, "flat": -0.1}[values["schedule"]]
    return 0.6 * math.exp(-(((rate + 2.3) / 0.6) ** 2)) + choice - 0.1 * (float(values["decay"]) - 0.3) ** 2


PROBLEMS = (
    Problem(name="Branin", axes={"x": "-5.0..10.0", "y": "0.0..15.0"}, compute=compute_branin, top=-0.397887),
    Problem(name="Hartmann", axes=dict.fromkeys("xyz", "0.0..1.0"), compute=compute_hartmann, top=3.86278),
    Problem(
        name="a learning rate",
        axes={"lr": "0.00001..1", "schedule": "step|cosine|flat", "decay": "0.0..1.0"},
        compute=compute_rate,
        top=0.65,
    ),
)


def search(problem: Problem, count: int, seed: int, *, at_once: int = 1) -> float:
    """Return how far from the top the best of a search is."""
    plan = SearchPlan(axes=problem.axes, count=count, train=(), place="", seed=seed)
    study, found, begun = optuna.create_study(direction="maximize"), [], []
    for number in range(1, count + 1):
        begun.append(take_up(study, plan, number))
        if len(begun) == at_once or number == count:
            for trial in begun:
                found.append(problem.compute(show_values(plan, trial)))
                tell(study, trial, "complete", value=found[-1])
            begun = []
    return problem.top - max(found)


def guess(problem: Problem, count: int, seed: int) -> float:
    """Return how far from the top the best of as many random values is."""
    axes = SearchPlan(axes=problem.axes, count=count, train=(), place="").read_space()
    chance = random.Random(seed)
    tried = ({key: axis.show(axis.pick(chance.random())) for key, axis in axes.items()} for _ in range(count))
    return problem.top - max(map(problem.compute, tried))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--trials", type=int, nargs="+", default=[12, 20, 40])
    typed = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    print("| function | trials | at random | a search | four at once | searches that beat the usual guess |")
    print("|---|---|---|---|---|---|")
    for problem in PROBLEMS:
        for count in typed.trials:
            guessed = [guess(problem, count, seed) for seed in range(20 * typed.rounds)]
            alone = [search(problem, count, seed) for seed in range(typed.rounds)]
            beside = [search(problem, count, seed, at_once=4) for seed in range(typed.rounds)]
            better = sum(one < median(guessed) for one in alone)
            print(
                f"| {problem.name} | {count} | {mean(guessed):.3f} | {mean(alone):.3f} | {mean(beside):.3f} "
                f"| {better} of {typed.rounds} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
