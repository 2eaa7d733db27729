"""Evaluate, send to Labelme, bring back: commands of the workbench, started from the App."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from fiftyone.operators import Operator, OperatorConfig, types

from workbench.errors import WorkbenchError
from workbench.review.errands import Done, run_errand, start_errand
from workbench.review.plugin.forms import ask_run, read_subject, show_form, show_lines
from workbench.review.plugin.subject import RUN, find_subject

OPEN = "open"
WIDE = 88  # letters


class _Errand(Operator):
    """A form, a command or two, and what they said."""

    name_, title, about, icon, button = "", "", "", "", ""

    @property
    def config(self) -> Any:
        """What FiftyOne shows in its list of operators."""
        return OperatorConfig(
            name=self.name_,
            label=f"Workbench: {self.title.lower().replace('labelme', 'Labelme')}",
            description=self.about,
            icon=self.icon,
            risk_level="LOW",
            view_target=False,
        )

    def resolve_input(self, ctx: Any) -> Any:
        """Which run; and what else there is to say."""
        inputs = types.Object()
        subject = read_subject(ctx, inputs)
        if subject:
            ask_run(inputs, subject)
            inputs.md(self.about, name="about")
            self.ask_more(inputs)
        return show_form(inputs, self.title, self.button)

    def ask_more(self, inputs: Any) -> None:
        """Nothing, unless an errand wants to know more."""

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Do it, and return what was said."""
        try:
            return self.do(ctx)
        except WorkbenchError as error:
            return {"failed": str(error)}

    def do(self, ctx: Any) -> dict[str, Any]:
        """What the errand is."""
        raise NotImplementedError

    def resolve_output(self, ctx: Any) -> Any:
        """As in a terminal."""
        return show_lines(ctx, self.title)


def tell(several: Sequence[Done], runs: Path) -> dict[str, Any]:
    """What commands said, one after the other; the first that failed is the last. Runs are called by their names."""
    last = several[-1]
    lines = [line for done in several for line in (*done.result.rstrip().splitlines(), "")]
    told = {
        "typed": last.typed.replace(f"{runs}/", ""),
        "lines": "\n".join(_fold(line.replace(f"{runs}/", "")) for line in lines).strip(),
    }
    return told if last.good else {**told, "failed": last.reason}


def _fold(line: str) -> str:
    """As wide as the window of a form."""
    return fill(line, WIDE, subsequent_indent="  ", break_on_hyphens=False) if len(line) > WIDE else line


class Evaluate(_Errand):
    """Judges a run anew, and shows what came of it."""

    name_, title, icon, button = "evaluate", "Evaluate", "fact_check", "Evaluate"
    about = "Scores the run and names every mistake, then brings the views here up to date. Tags stay."

    def do(self, ctx: Any) -> dict[str, Any]:
        """Evaluate, then fill again."""
        subject = find_subject(ctx.dataset)
        run, part = subject.find(ctx.params.get(RUN))
        done = [run_errand(subject.project, ("evaluate", str(run.folder), "--split", part))]
        if done[-1].good:
            words = ("review", str(run.folder), "--split", part, "--no-app")
            done.append(run_errand(subject.project, words))
        if done[-1].good:
            ctx.ops.reload_dataset()
        return tell(done, subject.project / "runs")


class SendToLabelme(_Errand):
    """What is tagged becomes drafts for Labelme."""

    name_, title, icon, button = "send_to_labelme", "Send to Labelme", "edit_note", "Send"
    about = (
        "Makes a draft of every image that is tagged `relabel`, `wrong-label` or `missing-label`, or that has a label "
        "with such a tag: its labels, and what the model found, to be put right in Labelme."
    )

    def ask_more(self, inputs: Any) -> None:
        """Whether Labelme is to be opened at once."""
        inputs.bool(OPEN, default=True, label="Open Labelme", view=types.CheckboxView())

    def do(self, ctx: Any) -> dict[str, Any]:
        """Make the drafts, and leave Labelme open while the App goes on."""
        subject = find_subject(ctx.dataset)
        run, _ = subject.find(ctx.params.get(RUN))
        done = [run_errand(subject.project, ("relabel", str(run.folder), "--from-tags"))]
        if done[-1].good and ctx.params.get(OPEN):
            ended = start_errand(subject.project, ("relabel", str(run.folder), "--open"))
            done += [ended] if ended else []
        return tell(done, subject.project / "runs")


class BringBack(_Errand):
    """What a person finished in Labelme goes back into the annotations."""

    name_, title, icon, button = "bring_back", "Bring back", "download_done", "Bring back"
    about = (
        "Merges what was finished in Labelme into the annotations: nothing that a person drew is ever overwritten, and "
        "a copy of what was there is kept. `workbench convert` makes the next dataset of them."
    )

    def do(self, ctx: Any) -> dict[str, Any]:
        """Merge."""
        subject = find_subject(ctx.dataset)
        run, _ = subject.find(ctx.params.get(RUN))
        return tell(
            [run_errand(subject.project, ("relabel", str(run.folder), "--accept"))], run.folder.parent
        )
