"""What a difference is worth, in words that promise no more than the numbers do."""

from workbench.evaluation.comparing.compare import BETTER, EQUAL, NOISE, WORSE, Change, Measure
from workbench.evaluation.sampling.seen import FEW

SHORT = {BETTER: "better", WORSE: "worse", NOISE: "noise", EQUAL: "equal"}


def name_measure(measure: Measure) -> str:
    """mask AP of heltec; a key says already what it is of where it stands alone."""
    head = measure.key if measure.family in ("panoptic", "semantic") else f"{measure.family} {measure.key}"
    return f"{head} of {measure.category}" if measure.category else head


def shorten_verdict(change: Change, *, same: bool = True) -> str:
    """One or two words for a column; where sets differ there is no verdict."""
    if change.difference is None:
        return "no truth"
    if not same:
        return "other images"
    return SHORT.get(change.verdict, "too few images")


def tell(change: Change, first: str, other: str, *, same: bool = True) -> str:
    """One sentence for two runs."""
    name = name_measure(change.measure)
    if change.difference is None:
        return f"{first} and {other} cannot be compared by {name}: there is none."
    if change.verdict == EQUAL:
        return f"{first} and {other} have the same {name}, whatever images are drawn."
    amount = _tell_amount(change.difference, name, first)
    if not same:
        return (
            f"{other} has {amount}, but on other images or labels: that says nothing about which is better."
        )
    if change.interval is None:
        return f"{other} has {amount}; there are too few images to say what that is worth."
    low, high = change.interval
    between = f"{signed(low)} to {signed(high)}"
    if change.verdict in (BETTER, WORSE):
        return f"{other} is {change.verdict}: {amount}, {between} on other images like these (95%)."
    if change.verdict == NOISE:
        return (
            f"{other} has {amount}, which is not more than noise: on other images like these {between} (95%)."
        )
    return f"{other} has {amount}; fewer than {FEW} images are too few to say what that is worth."


def _tell_amount(difference: float, name: str, first: str) -> str:
    if signed(difference) == "0.0":
        return f"as much {name} as {first}"
    return f"{points(abs(difference))} {'more' if difference > 0 else 'less'} {name} than {first}"


def count(number: int, noun: str) -> str:
    """1 image, 2 images."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def points(value: float) -> str:
    """Percent, as everywhere on the terminal."""
    return f"{100 * value:.1f}"


def signed(value: float) -> str:
    """Percent with its sign; what rounds to nothing has none."""
    text = f"{100 * value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text
