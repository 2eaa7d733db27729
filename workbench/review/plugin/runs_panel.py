"""The panel of runs: how good each is and where it comes from, what is tagged, and what can be done next."""

from collections.abc import Mapping
from typing import Any

from fiftyone.operators import Panel, PanelConfig, types

from workbench.data.selection import TAGS
from workbench.errors import WorkbenchError
from workbench.review.errands import run_errand
from workbench.review.fields import TRUTH
from workbench.review.plugin.subject import Subject, find_subject
from workbench.review.plugin.tagging import count_words
from workbench.review.run_rows import list_run_rows
from workbench.run import Run

PREFIX = "@workbench/detectron2"
COLUMNS = {"run": "Run", "score": "Score (95 %)", "mistakes": "Mistakes"}
LINEAGE = {
    "state": "State",
    "model": "Model",
    "from": "Began with",
    "dataset": "Dataset",
    "seed": "Seed",
    "code": "Commit",
    "started": "Started",
}
NARROW = {"table": {"sx": {"minWidth": 320}}}  # FiftyOne's own 650 is more than half a window
MARGIN = {"container": {"sx": {"p": 2}}}
STEPS = (
    ("open_mistakes", "Open mistakes", "visibility"),
    ("tag_for_relabelling", "Tag", "sell"),
    ("send_to_labelme", "Send to Labelme", "edit_note"),
    ("bring_back", "Bring back", "download_done"),
    ("evaluate", "Evaluate", "fact_check"),
)


class RunsPanel(Panel):
    """Shows the runs of the project that the dataset is of."""

    @property
    def config(self) -> Any:
        """What FiftyOne shows in its list of panels."""
        return PanelConfig(
            name="runs",
            label="Workbench runs",
            icon="table_chart",
            help_markdown="The runs of this project, the newest first. *Show* puts one beside the truth. "
            "A + behind a commit: files differed from it.",
        )

    def on_load(self, ctx: Any) -> None:
        """Read the runs and the tags."""
        try:
            subject = find_subject(ctx.dataset)
            rows = list_run_rows(subject.project)
        except WorkbenchError as error:
            ctx.panel.set_state({"trouble": str(error)})
            return
        chosen = ctx.panel.get_state("chosen") or (rows[0]["run"] if rows else "")
        ctx.panel.set_state(
            {
                "trouble": "",
                "project": subject.project.name,
                "tagged": count_tags(ctx.dataset, subject),
                "chosen": chosen,
                "names": [row["run"] for row in rows],
                "lineage": next((describe_lineage(row) for row in rows if row["run"] == chosen), ""),
            }
        )
        ctx.panel.set_data("table", [{key: row[key] for key in COLUMNS} for row in rows])

    def on_change_dataset(self, ctx: Any) -> None:
        """Another dataset, another project."""
        ctx.panel.set_state("chosen", "")
        self.on_load(ctx)

    def on_change_selected(self, ctx: Any) -> None:
        """After tagging nothing is selected any more."""
        if not ctx.selected and not ctx.selected_labels:
            self.on_load(ctx)

    def on_read_again(self, ctx: Any) -> None:
        """Somebody trained, judged or tagged meanwhile."""
        self.on_load(ctx)

    def on_show(self, ctx: Any) -> None:
        """Show what a run found beside the truth; one that is not in FiftyOne yet is put there."""
        place = ctx.params.get("row")
        names = ctx.panel.get_state("names") or []
        if not isinstance(place, int) or not 0 <= place < len(names):
            return
        ctx.panel.set_state("chosen", names[place])
        try:
            subject = find_subject(ctx.dataset)
            field = _find_field(subject, names[place]) or _put_there(ctx, subject, names[place])
        except WorkbenchError as error:
            ctx.ops.notify(str(error), variant="error")
            return
        ctx.ops.set_active_fields([TRUTH, field])
        self.on_load(ctx)

    def render(self, ctx: Any) -> Any:
        """The table, where the chosen run comes from, what is tagged, and buttons in the order of the work."""
        panel, state = types.Object(), ctx.panel.state
        if state.trouble:
            panel.view("trouble", types.Error(label="Nothing to show", description=str(state.trouble)))
            return types.Property(panel)
        panel.md(f"##### Runs of {state.project}", name="title")
        table = types.TableView(componentsProps=NARROW)
        for key, label in COLUMNS.items():
            table.add_column(key, label=label)
        table.add_row_action("show", self.on_show, icon="visibility", tooltip="Show beside the truth")
        panel.list("table", types.Object(), view=table)
        panel.md(str(state.tagged or ""), name="tagged")
        for row in (STEPS[:2], STEPS[2:]):
            stack = panel.h_stack(f"buttons_{row[0][0]}", gap=1, align_x="left")
            for name, label, icon in row:
                address = f"{PREFIX}/{name}"
                stack.btn(name, label=label, icon=icon, variant="outlined", on_click=address, prompt=True)
        panel.md(str(state.lineage or ""), name="lineage")
        panel.btn("again", label="Read again", icon="refresh", on_click=self.on_read_again)
        return types.Property(
            panel, view=types.GridView(orientation="vertical", gap=2, componentsProps=MARGIN)
        )


def describe_lineage(row: Mapping[str, str]) -> str:
    """Where a run comes from, line by line."""
    told = "\n".join(f"- {label}: {row[key]}" for key, label in LINEAGE.items())
    return f"**{row['run']}**\n\n{told}"


def count_tags(dataset: Any, subject: Subject) -> str:
    """How often each of our tags was given."""
    images = dataset.count_sample_tags()
    labels = dataset.count_label_tags([TRUTH, *subject.runs])
    counts = [
        f"`{tag}` {count_words(images.get(tag, 0), 'image')}, {count_words(labels.get(tag, 0), 'label')}"
        for tag in TAGS
        if images.get(tag) or labels.get(tag)
    ]
    return f"Tagged: {' · '.join(counts)}" if counts else "Nothing is tagged yet."


def _find_field(subject: Subject, run: str) -> str:
    """Of the val part, where there are several."""
    return next((field for field, about in subject.runs.items() if about["run"] == run), "")


def _put_there(ctx: Any, subject: Subject, name: str) -> str:
    ctx.ops.notify(f"{name} is being matched with the truth", variant="info")
    run = Run(folder=subject.project / "runs" / name)
    done = run_errand(subject.project, ("review", str(run.folder), "--no-app"))
    if not done.good:
        raise WorkbenchError(done.reason)
    ctx.dataset.reload()
    ctx.ops.reload_dataset()
    return _find_field(find_subject(ctx.dataset), name)
