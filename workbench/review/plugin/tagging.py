"""Tag for relabelling: what a person says of images and objects, in the words that `workbench relabel` understands."""

from collections.abc import Sequence
from typing import Any

from fiftyone.operators import Operator, OperatorConfig, types

from workbench.data.selection import FINE, MISSING_LABEL, RELABEL, TAGS, WRONG_LABEL
from workbench.review.plugin.forms import read_subject, refuse, show_form

TAG = "tag"
ABOUT = {
    RELABEL: ("Relabel", "the label is there, and should be drawn anew"),
    WRONG_LABEL: ("Wrong label", "the class is wrong, or nothing is there"),
    MISSING_LABEL: ("Missing label", "something is there that nobody has labelled"),
    FINE: ("Fine", "somebody has looked, and the label is right; takes the other tags away"),
}


class TagForRelabelling(Operator):
    """Tags the labels that are selected, else the images."""

    @property
    def config(self) -> Any:
        """What FiftyOne shows in its list of operators."""
        return OperatorConfig(
            name="tag_for_relabelling",
            label="Workbench: tag for relabelling",
            description="Say of the selected labels or images what should become of them",
            icon="sell",
            risk_level="LOW",
            view_target=False,
        )

    def resolve_placement(self, ctx: Any) -> Any:
        """A button above the images."""
        return types.Placement(
            types.Places.SAMPLES_GRID_ACTIONS,
            types.Button(label="Tag for relabelling", icon="sell", prompt=True),
        )

    def resolve_input(self, ctx: Any) -> Any:
        """Which tag, and on what."""
        inputs = types.Object()
        if read_subject(ctx, inputs):
            labels, samples = ctx.selected_labels or (), ctx.selected
            if not labels and not samples:
                refuse(
                    inputs, "nothing is selected; click the box at the corner of an image, or labels in it"
                )
            else:
                inputs.view("on", types.Notice(label=f"On {name_selection(ctx.view, labels, samples)}"))
                choices = types.RadioGroup(orientation="vertical")
                for tag in TAGS:
                    choices.add_choice(tag, label=ABOUT[tag][0], description=ABOUT[tag][1])
                inputs.enum(TAG, choices.values(), default=RELABEL, required=True, label="Tag", view=choices)
        return show_form(inputs, "Tag for relabelling", "Tag")

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Tag, and show that it is so."""
        tag = ctx.params[TAG]
        labels, samples = ctx.selected_labels or (), ctx.selected
        put_tag(ctx.view, ctx.dataset, tag, labels=labels, samples=samples)
        ctx.ops.clear_selected_labels()
        ctx.ops.clear_selected_samples()
        ctx.ops.reload_dataset()
        ctx.ops.notify(f"{tag}: {name_selection(ctx.view, labels, samples)}", variant="success")
        return {"tag": tag}


def name_selection(view: Any, labels: Sequence[Any], samples: Sequence[Any]) -> str:
    """So many labels, or images."""
    if labels or shows_patches(view):
        return count_words(len(labels or samples), "label")
    return count_words(len(samples), "image")


def shows_patches(view: Any) -> bool:
    """Whether what looks like an image is a label, cut out."""
    return "sample_id" in view.get_field_schema()


def count_words(count: int, word: str) -> str:
    """1 image, 2 images."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def put_tag(view: Any, dataset: Any, tag: str, *, labels: Sequence[Any], samples: Sequence[Any]) -> None:
    """Put a tag on labels, else on images; `fine` and the others exclude one another."""
    others = [other for other in TAGS if (other == FINE) != (tag == FINE)]
    if labels:
        chosen = dataset.select_labels(labels=list(labels))
        chosen.untag_labels(others)
        chosen.tag_labels(tag)
        return
    chosen = view.select(list(samples))
    if shows_patches(view):
        chosen.untag_labels(others)
        chosen.tag_labels(tag)
    else:
        chosen.untag_samples(others)
        chosen.tag_samples(tag)
