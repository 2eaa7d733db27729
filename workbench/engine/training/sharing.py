"""What several processes share, in one line: who adds some must see what becomes of batch and learning rate."""

from workbench.engine.training.course import Course


def describe_sharing(course: Course, nodes: int = 1) -> str:
    """Say who takes how many images, and why the learning rate is what it is; nothing for one process."""
    if course.world == 1:
        return ""
    batch, parts = int(course.cfg.SOLVER.IMS_PER_BATCH), course.settings.train.accumulate
    each = batch // parts // course.world
    on = f" on {nodes} machines" if nodes > 1 else ""
    shares = f"{each} each" + (f" at a time, {parts} times" if parts > 1 else "")
    reasons = [change.reason for change in course.changes if change.key == "SOLVER.BASE_LR"]
    why = reasons[0] if reasons else f"the row's own, for {batch} images a step"
    return (
        f"{course.world} processes{on} share the {batch} images of a step, {shares}; "
        f"learning rate {course.cfg.SOLVER.BASE_LR:g} ({why})"
    )
