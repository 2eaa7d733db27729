"""What was looked at and what was found, as `--json` shows it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from workbench.data.finding import Finding


@dataclass(slots=True, kw_only=True)
class Checked:
    """The sums and the findings; `rows` are the classes: name, shapes, images."""

    root: str
    kind: str
    files: int = 0
    shapes: int = 0
    images: int = 0
    more: dict[str, Any] = field(default_factory=dict)
    rows: list[tuple[str, int, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> int:
        """Count the errors."""
        return sum(1 for finding in self.findings if finding.level == "error")

    def to_json(self) -> dict[str, Any]:
        """Return the document of `--json`."""
        return {
            "root": self.root,
            "kind": self.kind,
            "files": self.files,
            "images": self.images,
            "shapes": self.shapes,
            **self.more,
            "errors": self.errors,
            "warnings": len(self.findings) - self.errors,
            "rules": dict(sorted(Counter(finding.rule for finding in self.findings).items())),
            "classes": [
                {"name": name, "shapes": shapes, "images": images} for name, shapes, images in self.rows
            ],
            "findings": [
                {
                    "path": one.path,
                    "where": one.where,
                    "rule": one.rule,
                    "level": one.level,
                    "message": one.message,
                }
                for one in self.findings
            ],
        }
