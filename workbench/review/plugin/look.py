"""Open mistakes: one of the views that were saved, with what is in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from fiftyone.operators import Operator, OperatorConfig, types

from workbench.review.fields import TRUTH
from workbench.review.plugin.forms import read_subject, refuse, show_form
from workbench.review.plugin.subject import Subject, find_subject

VIEW = "view"


class OpenMistakes(Operator):
    """Loads a saved view."""

    @property
    def config(self) -> Any:
        """What FiftyOne shows in its list of operators."""
        return OperatorConfig(
            name="open_mistakes",
            label="Workbench: open mistakes",
            description="Show false positives, misses, confusions and the other views of a run",
            icon="visibility",
            risk_level="LOW",
        )

    def resolve_placement(self, ctx: Any) -> Any:
        """A button above the images."""
        return types.Placement(
            types.Places.SAMPLES_GRID_ACTIONS,
            types.Button(label="Open mistakes", icon="visibility", prompt=True),
        )

    def resolve_input(self, ctx: Any) -> Any:
        """Which view."""
        inputs = types.Object()
        subject = read_subject(ctx, inputs)
        if subject:
            choices = types.AutocompleteView()
            views = ctx.dataset.list_saved_views(info=True)
            for view in sort_views(views, subject):
                choices.add_choice(view["name"], label=view["name"], description=view.get("description"))
            if views:
                inputs.enum(VIEW, choices.values(), required=True, label="View", view=choices)
            else:
                refuse(inputs, "no view is saved; workbench review RUN saves those of a run")
        return show_form(inputs, "Open mistakes", "Open")

    def execute(self, ctx: Any) -> None:
        """Show it, with the run that it is of."""
        name = ctx.params[VIEW]
        field = find_run(name, find_subject(ctx.dataset))
        if field:
            ctx.ops.set_active_fields([TRUTH, field])
        ctx.ops.set_view(name=name)


def sort_views(views: Sequence[Mapping[str, Any]], subject: Subject) -> list[Mapping[str, Any]]:
    """Those of the run that was shown last come first, a person's own ones last."""
    fields = list(subject.runs)

    def place(view: Mapping[str, Any]) -> int:
        field = find_run(view["name"], subject)
        return -fields.index(field) if field else 1

    return sorted(views, key=place)


def find_run(name: str, subject: Subject) -> str:
    """The field of the run that a view is of: its name ends with it."""
    endings = {field: f" ({about['run']}, {about['part']})" for field, about in subject.runs.items()}
    return next((field for field, ending in endings.items() if name.endswith(ending)), "")
