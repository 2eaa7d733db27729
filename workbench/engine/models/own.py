"""A project's own model.py: a row, and what it registers with Detectron2; code that runs only when it is trusted."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from workbench.engine.models.row import Model, ModelError


def read_model_file(path: Path, *, trusted: bool = False) -> Model:
    """Run a model.py that was trusted by name, and return its MODEL."""
    if not path.is_file():
        raise ModelError(f"{path}: must be a model.py, but is not there; check the name")
    if not trusted:
        raise ModelError(
            f"{path}: is code and runs only when it is trusted, but was not; read it, then add --trust {path}"
        )
    spec = spec_from_file_location(f"workbench_project_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        raise ModelError(f"{path}: must be a Python file, but is not; name it model.py")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError) as error:
        raise ModelError(f"{path}: must be importable, but: {error}; mend it") from error
    model = getattr(module, "MODEL", None)
    if not isinstance(model, Model):
        raise ModelError(
            f"{path}: MODEL: must be a workbench.engine.models.row.Model, but got {type(model).__name__};"
            " docs/models.md has an example"
        )
    return model
