"""Normalisation: statistics that fit the weights, and that the devices can share."""

from collections.abc import Iterator

from workbench.engine.config.keys import flatten
from workbench.engine.config.situation import Proposal, Situation, count

SHARED = ("SyncBN", "nnSyncBN")  # Detectron2's names for torch's SyncBatchNorm, which is for graphics cards


def derive_norm(now: Situation) -> Iterator[Proposal]:
    """Frozen statistics of a network that never learnt any are wrong from the first step (diverges at once)."""
    yield from _keep_apart(now)
    frozen = now.get_row("MODEL.RESNETS.NORM") == "FrozenBN"
    plain = "build_resnet" in str(now.get("MODEL.BACKBONE.NAME"))
    if now.get("MODEL.WEIGHTS"):
        return
    if frozen and plain:
        reason = "from scratch: frozen batch statistics that were never learnt make training diverge"
        yield Proposal(key="MODEL.RESNETS.NORM", value="GN", reason=reason)
        yield Proposal(
            key="MODEL.RESNETS.STRIDE_IN_1X1", value=False, reason="from scratch: as networks with GN have it"
        )
    if now.get("MODEL.TIMM.NAME"):
        reason = "from scratch: the statistics are learnt, too"
        yield Proposal(key="MODEL.TIMM.NORM", value="", reason=reason)
    if now.get_row("MODEL.BACKBONE.FREEZE_AT"):
        reason = "from scratch: nothing is worth freezing"
        yield Proposal(key="MODEL.BACKBONE.FREEZE_AT", value=0, reason=reason)


def _keep_apart(now: Situation) -> Iterator[Proposal]:
    """On a processor SyncBN is BN with one process, and fails with several."""
    if not now.machine.device.startswith("cpu"):
        return
    reason = "only graphics cards share statistics"
    if now.world > 1:
        reason += f"; each of {count(now.world, 'process')} takes those of its own images"
    for key, value in list(flatten(now.cfg)):
        if key.endswith(".NORM") and value in SHARED:
            yield Proposal(key=key, value="BN", reason=reason, must=now.world > 1)
