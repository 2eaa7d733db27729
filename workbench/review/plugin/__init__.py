"""FiftyOne's plugin @workbench/detectron2: what a person does in the App with a run, its mistakes and its labels.

FiftyOne loads this file under a name of its own; everything in it is the package's.
"""

from typing import Any


def register(plugin: Any) -> None:
    """Tell FiftyOne what there is."""
    from workbench.review.plugin.errand_operators import BringBack, Evaluate, SendToLabelme
    from workbench.review.plugin.look import OpenMistakes
    from workbench.review.plugin.runs_panel import RunsPanel
    from workbench.review.plugin.tagging import TagForRelabelling

    for one in (Evaluate, OpenMistakes, TagForRelabelling, SendToLabelme, BringBack, RunsPanel):
        plugin.register(one)
