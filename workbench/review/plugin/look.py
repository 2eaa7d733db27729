"""Open mistakes: one of the views that were saved, with what is in it."""

from typing import Any

from fiftyone.operators import Operator, OperatorConfig, types

from workbench.review.plugin.forms import read_subject, refuse, show_form

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
        if read_subject(ctx, inputs):
            choices = types.AutocompleteView()
            views = ctx.dataset.list_saved_views(info=True)
            for view in views:
                choices.add_choice(view["name"], label=view["name"], description=view.get("description"))
            if views:
                inputs.enum(VIEW, choices.values(), required=True, label="View", view=choices)
            else:
                refuse(inputs, "no view is saved; workbench review RUN saves those of a run")
        return show_form(inputs, "Open mistakes", "Open")

    def execute(self, ctx: Any) -> None:
        """Show it."""
        ctx.ops.set_view(name=ctx.params[VIEW])
