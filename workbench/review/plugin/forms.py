"""Pieces of forms that several operators have."""

from typing import Any

from fiftyone.operators import types

from workbench.review.plugin.subject import RUN, Subject, find_subject
from workbench.review.trouble import ReviewError

FENCE = "```"


def ask_run(inputs: Any, subject: Subject) -> None:
    """Ask for a run where there are several."""
    fields = list(subject.runs)
    if len(fields) > 1:
        choices = types.Dropdown()
        for field in reversed(fields):
            choices.add_choice(field, label=str(subject.runs[field]["run"]))
        inputs.enum(RUN, choices.values(), default=fields[-1], label="Run", view=choices)
    elif fields:
        inputs.view("which", types.Notice(label=f"Run: {subject.runs[fields[0]]['run']}"))


def read_subject(ctx: Any, inputs: Any) -> Subject | None:
    """What a form is about; where that cannot be said, the form says why, and cannot be sent."""
    try:
        subject = find_subject(ctx.dataset)
        subject.find(None)
    except ReviewError as error:
        refuse(inputs, str(error))
        return None
    return subject


def refuse(inputs: Any, why: str) -> None:
    """Say why this cannot be done now."""
    inputs.view("why", types.Error(label="This cannot be done now", description=why), invalid=True)


def show_form(inputs: Any, title: str, button: str) -> Any:
    """The form with its title and the word on its button."""
    return types.Property(inputs, view=types.PromptView(label=title, submit_button_label=button))


def show_lines(ctx: Any, title: str) -> Any:
    """What commands printed, as in a terminal; not FiftyOne's view of code, which fetches its editor from elsewhere."""
    outputs, results = types.Object(), ctx.results
    if results.get("failed"):
        outputs.view("failed", types.Error(label="It could not be done", description=results["failed"]))
    if results.get("typed"):
        told = f"{results['typed']}\n\n{results.get('lines') or ''}".replace(FENCE, "")
        outputs.md(f"{FENCE}\n{told.rstrip()}\n{FENCE}", name="told")
    return types.Property(outputs, view=types.View(label=title))
