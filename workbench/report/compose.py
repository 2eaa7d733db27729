"""A report from its material: the sections in the order of reading, then the pictures, then the page."""

from dataclasses import dataclass, replace

from workbench.report.blocks import Lead, Page, Paragraph, Section
from workbench.report.drawing.pictures import Plan
from workbench.report.material import Material
from workbench.report.sections.classes import build_classes
from workbench.report.sections.confusion import build_confusion
from workbench.report.sections.headline import build_headline
from workbench.report.sections.images import build_images, build_suspects
from workbench.report.sections.lineage import build_lineage
from workbench.report.sections.mistakes import build_mistakes
from workbench.report.sections.slices import build_slices
from workbench.report.sections.taught import build_data
from workbench.report.sections.training import build_training
from workbench.report.sections.trust import build_calibration, build_curves
from workbench.report.sections.verdict import write_lead

LARGEST = 9_500_000  # bytes of the whole file: it must fit into a mail
ELSEWHERE = " (workbench report shows them)"
BESIDE = 700_000  # of these, so many at most are text


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The page, and what it asked to be drawn."""

    page: Page
    plan: Plan


def compose(material: Material) -> Composed:
    """Put the page together."""
    plan = Plan(material)
    suspects = build_suspects(material, plan)
    sections = (
        build_headline(material),
        build_classes(material) if material.classes else None,
        build_mistakes(material, plan),
        suspects,
        build_images(material, plan),
        build_curves(material),
        build_confusion(material),
        build_calibration(material),
        build_slices(material),
        build_training(material),
        build_data(material),
        build_lineage(material),
        _build_notes(material),
    )
    page = Page(
        title=f"{material.run}: report on {material.part}",
        about=_name(material),
        lead=_point_below(write_lead(material)),
        sections=tuple(section for section in sections if section),
    )
    return Composed(page=page, plan=plan)


def _point_below(lead: Lead) -> Lead:
    """What the terminal says of this page is on it."""
    return replace(lead, next=tuple(step.replace(ELSEWHERE, " (below)") for step in lead.next))


def _name(material: Material) -> str:
    truths = sum(int(row.get("truths") or 0) for row in material.classes.values())
    parts = (
        material.manifest.project if material.manifest else "",
        material.run,
        f"{material.part}: {material.scores.get('images') or 0:,} images"
        + (f", {truths:,} objects" if truths else ""),
    )
    return " · ".join(filter(None, parts))


def _build_notes(material: Material) -> Section | None:
    notes = [str(note) for note in (*(material.scores.get("notes") or ()), *material.notes)]
    if not notes:
        return None
    blocks = tuple(Paragraph(text=note, kind="note") for note in notes)
    return Section(id="notes", title="Notes", lead="", blocks=blocks)


def render_page(material: Material) -> str:
    """Draw the pictures, and write the page."""
    from workbench.report.html import render

    composed = compose(material)
    pictures = composed.plan.draw(LARGEST - BESIDE)
    return render(composed.page, pictures, composed.plan.wanted - len(pictures))
