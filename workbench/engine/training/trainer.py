"""A run from its folder to its end: build, take back the newest checkpoint, train, keep what is best."""

import inspect
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass

import torch

from workbench.engine.config.derive_objects import compute_repeats
from workbench.engine.feed.catalog import registered
from workbench.engine.feed.loader import Feed
from workbench.engine.feed.records import has_objects, read_records
from workbench.engine.feed.sample import wants_centers
from workbench.engine.models.build import build_model
from workbench.engine.models.head_rows import Classes, describe_carried, has_boxes
from workbench.engine.models.weights import load_weights, locate_weights
from workbench.engine.training.average import Average
from workbench.engine.training.checkpoint import load_newest
from workbench.engine.training.course import Course
from workbench.engine.training.diary import note, written_down
from workbench.engine.training.duties import Duties
from workbench.engine.training.group import require_progress
from workbench.engine.training.judge import Validation, describe
from workbench.engine.training.loop import Stride, seed_everything, train
from workbench.engine.training.memory import ExplainingMemory
from workbench.engine.training.precision import Precision, choose_precision
from workbench.engine.training.ranks import Ranks, joined, noticing_loss
from workbench.engine.training.saver import Saver
from workbench.engine.training.schedule import build_optimizer, build_schedule, freeze
from workbench.engine.training.speed import tune_model, tune_process
from workbench.engine.training.state import State
from workbench.engine.training.stop import Stop, Stopped, listening
from workbench.engine.training.view import View, open_view
from workbench.engine.training.weights_file import write_weights
from workbench.errors import InputMissing, ProjectError
from workbench.run import Run, hold, read_record
from workbench.settings import choose_decay


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a running training consists of."""

    course: Course
    run: Run
    ranks: Ranks
    stop: Stop
    state: State
    feed: Feed
    view: View
    precision: Precision


def continue_run(run: Run, course: Course, *, strict: bool = False, held: bool = False) -> None:
    """Train from the newest checkpoint, or from the start, to the end; whatever ends it is written down.

    `held` says that the caller keeps others out of the folder already.
    """
    with joined(course.device) as ranks, listening() as stop, ExitStack() as stack:
        if ranks.first:
            stack.enter_context(nullcontext() if held else hold(run))
            stack.enter_context(written_down(run))
        stack.enter_context(noticing_loss() if ranks.world > 1 else nullcontext())
        tune_process()
        names = stack.enter_context(registered(course.dataset, course.task, whole=wants_centers(course.cfg)))
        course.cfg.DATASETS.TRAIN = (names["train"],)  # Panoptic-DeepLab asks the catalog for its classes
        with ExplainingMemory(lambda: "the model", course):
            parts = stack.enter_context(_assembled(run, course, ranks, stop, strict))
        with ExplainingMemory(lambda: f"step {parts.state.step + 1}", course):
            _train(parts)


@contextmanager
def _assembled(run: Run, course: Course, ranks: Ranks, stop: Stop, strict: bool) -> Iterator[Parts]:
    """Build everything, and put it away again."""
    seed_everything(course.settings.train.seed)
    setting = _recorded_precision(run, course)
    precision = ranks.share(choose_precision(setting, course.device) if ranks.first else None)
    loaded = load_newest(run.checkpoints, strict=strict)
    state = _build_state(run, course, ranks, precision, fresh=loaded is None)
    if loaded is not None:
        state.restore(loaded.content)
    if ranks.first:
        require_progress(state.step)
    with closing(open_view(run, course, ranks, state)) as view:
        for line in [f"warning: {text}" for text in loaded.warnings] if loaded else _describe_weights(run):
            view.say(line)
        with closing(_open_feed(course, ranks, state)) as feed:
            if ranks.first:
                note(run, precision=precision.name, step=state.step, world=ranks.world)
                view.show_batches(feed, state.step * course.settings.train.accumulate)
            yield Parts(
                course=course,
                run=run,
                ranks=ranks,
                stop=stop,
                state=state,
                feed=feed,
                view=view,
                precision=precision,
            )


def _describe_weights(run: Run) -> list[str]:
    """What a person must know of the weights that a run starts from."""
    weights = read_record(run).get("weights", {})
    carried = describe_carried(weights.get("classes", {}))
    told = [f"weights: {carried}"] if carried else []
    return [*told, *(f"warning: {text}" for text in weights.get("warnings", ()))]


def _recorded_precision(run: Run, course: Course) -> str:
    """What was measured as fastest at first holds for every process and resume: other arithmetic, other weights."""
    return str(read_record(run).get("precision") or course.settings.train.precision)


def _build_state(run: Run, course: Course, ranks: Ranks, precision: Precision, *, fresh: bool) -> State:
    settings = course.settings.train
    cfg = course.cfg.clone()
    if course.device == "cuda" and ranks.world > 1:
        cfg.MODEL.DEVICE = f"cuda:{ranks.local}"
    model = build_model(cfg)
    if fresh:
        _load_first(run, course, model, ranks)
    unused = freeze(model, settings.freeze)
    if unused:
        raise ProjectError(
            f"train.freeze: must name parameters, but {', '.join(unused)} names none; workbench models --help"
        )
    tune_model(model)
    optimizer = build_optimizer(cfg, model)
    decay = choose_decay(settings.ema, cfg.SOLVER.MAX_ITER)
    return State(
        model=_wrap(model, ranks),
        weights=model,
        optimizer=optimizer,
        scheduler=build_schedule(cfg, optimizer),
        scaler=torch.amp.GradScaler(course.device.partition(":")[0], enabled=precision.scaler),
        average=Average(model, decay) if decay else None,
    )


def _load_first(run: Run, course: Course, model: torch.nn.Module, ranks: Ranks) -> None:
    """Start from the weights that the config names; what did not fit is written down."""
    path = locate_weights(course.cfg.MODEL.WEIGHTS)
    if path is None:
        return
    boxes = has_boxes(tuple(model.state_dict()))
    report = load_weights(model, path, Classes(things=course.things, stuff=course.stuff, boxes=boxes))
    if ranks.first:
        weights = {
            "source": course.cfg.MODEL.WEIGHTS,
            "sha256": report.sha256,
            "matched": report.matched,
            "missing": list(report.missing),
            "unexpected": list(report.unexpected),
            "resized": [name for name, *_ in report.resized],
            "warnings": list(report.warnings),
            "classes": report.carried.to_json() if report.carried else {},
        }
        note(run, weights=weights)


def _wrap(model: torch.nn.Module, ranks: Ranks) -> torch.nn.Module:
    if ranks.world == 1:
        return model
    on_gpu = next(model.parameters()).is_cuda
    parallel = torch.nn.parallel.DistributedDataParallel
    known = inspect.signature(parallel).parameters
    name = (
        "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"
    )  # as it was before
    return parallel(model, device_ids=[ranks.local] if on_gpu else None, **{name: False})


def _open_feed(course: Course, ranks: Ranks, state: State) -> Feed:
    settings, cfg = course.settings.train, course.cfg
    records = read_records(course.dataset, "train")
    if cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS and course.task == "instance":
        records = [record for record in records if has_objects(record)]
    if not records:
        raise InputMissing(
            f"{course.dataset}: must have images to train on, but has none; label some, and look at [split]"
        )
    return Feed(
        records,
        cfg,
        course.settings.augment,
        seed=settings.seed,
        batch=course.part_batch,
        rank=ranks.rank,
        world=ranks.world,
        workers=cfg.DATALOADER.NUM_WORKERS if settings.workers < 0 else settings.workers,
        cache_mb=settings.cache_mb,
        repeats=compute_repeats(records, cfg),
        quarantined=state.quarantined,
    )


def _train(parts: Parts) -> None:
    """Run the loop; whoever asks it to stop gets a checkpoint first."""
    course, state, view, settings = parts.course, parts.state, parts.view, parts.course.settings.train
    judge = Validation(
        course=course,
        run=parts.run,
        check=parts.stop.check,
        say=view.say,
        show=view.show_predictions,
        ranks=parts.ranks,
    )
    duties = Duties(
        state=state,
        saver=Saver(folder=parts.run.checkpoints, keep=settings.keep),
        steps=course.steps,
        evaluate_every=course.evaluate_every,
        checkpoint_every=course.checkpoint_every,
        patience=settings.patience,
        judge=judge,
        ranks=parts.ranks,
        record=view.record,
        warn=view.say,
    )
    stride = Stride(
        steps=course.steps,
        accumulate=settings.accumulate,
        clip=settings.clip,
        seed=settings.seed,
        skip_bad_losses=settings.skip_bad_losses,
        autocast=parts.precision.autocast,
    )
    batches, known = parts.feed.batches(state.step * settings.accumulate), set(state.quarantined)
    try:
        finished = train(
            state, batches, stride, ranks=parts.ranks, duties=duties, stop=parts.stop, warn=view.say
        )
        for step, losses in finished:
            state.quarantined = sorted({*state.quarantined, *parts.feed.bad})
            _tell_bad(parts, known)
            view.step(step, losses, parts.feed.wait)
    except Stopped as stopped:
        duties.save()
        if parts.ranks.first:
            note(parts.run, step=state.step, best=state.best)
        raise Stopped(stopped.number, hint=_hint(parts)) from None
    if parts.ranks.first:
        _finish(parts, judge)


def _tell_bad(parts: Parts, known: set[str]) -> None:
    """Name each image that is left out from now on, once."""
    for key in parts.state.quarantined:
        if key not in known:
            known.add(key)
            reason = parts.feed.bad.get(key, "another process could not read it")
            parts.view.say(f"warning: {key} is left out from here on: {reason}")


def _finish(parts: Parts, judge: Validation) -> None:
    with parts.state.judged() as model:
        write_weights(parts.run.final, model.state_dict(), describe(parts.course, parts.state.step))
    judge.close()
    parts.view.draw_curves()
    left_out = parts.state.quarantined
    if left_out:
        parts.view.say(f"warning: left out of the training ({len(left_out)}): {', '.join(left_out)}")
    note(parts.run, step=parts.state.step, best=parts.state.best, quarantined=left_out)


def _hint(parts: Parts) -> str:
    step, project = parts.state.step, parts.course.project
    ranks = parts.ranks
    each = ranks.world // ranks.nodes
    more = f" --gpus {each}" if each > 1 else ""
    more += f" --nodes {ranks.nodes}" if ranks.nodes > 1 else ""
    return f"stopped at step {step}; go on with: workbench train {project} --resume {parts.run.name}{more}"
