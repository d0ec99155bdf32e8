"""Runs that are carried by hand: bring their results here, zip their bundles, say what is to be done with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from runners.carried.arrivals import Arrival, NoManifestError, opened, read_manifest
from runners.carried.packing import NOTEBOOK, zipped
from runners.carried.taking import Taken, has_finished
from runners.errors import CarriedError
from runners.places.base import newest_job
from runners.places.by_hand import end_of
from runners.places.contact import Contact, all_here, reached
from runners.rundir import RunDir
from runners.status import OVER
from store import runs
from workbench.operations.clock import clock
from workbench.operations.collecting import collect
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.places import bundle_place, is_carried
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What came of bringing results.

    Attributes:
        run: whose they are.
        files: how many were new here; 0 where all stood already.
        status: of the run, after they were taken in.
        samples: how many it has now.
    """

    run: str
    files: int
    status: str
    samples: int

    @property
    def words(self) -> str:
        """What happened, in a sentence."""
        if self.files == 0:
            return f"{self.run}: everything that was brought is here already. It is {self.status}."
        return f"{self.run}: {self.files} files came. It is {self.status}, with {self.samples} samples."


def bring(
    project: Project,
    paths: Sequence[Path] = (),
    *,
    run: str | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[Brought]:
    """Take in results that were carried here by hand; each finds its own run.

    Args:
        project: whose runs.
        paths: zips as they were downloaded, whatever they are called now, or folders; none for the bundle's own folder.
        run: whose they must be; None for whichever run each of them is of.
        cancelled: asked between files; what was not begun yet is given up then.

    Raises:
        NotAllHereError: a part is still to come.
        CarriedError: they are damaged, or of another run or another spec.
        WorkbenchError: nothing can be brought for that run.
    """
    if not paths:
        if run is None:
            raise WorkbenchError("Say what is brought: the zip or folder of results, or the name of a run.")
        paths = [bundle_of(project, run)]
    folders = [path for path in paths if path.is_dir()]
    brought = [_bring(project, [path], run, cancelled) for path in folders]
    with ExitStack() as stack:
        named, parts = [], []
        for path in (path for path in paths if path not in folders):
            try:
                arrival = stack.enter_context(opened([path]))
                named.append((path, read_manifest(arrival, arrival.manifests()[0]).run))
            except NoManifestError:
                # A large folder is downloaded as several zips, and only one of them has the manifest.
                parts.append(path)
    if parts and not named:
        # It says what such a zip should be.
        named = [(parts.pop(), "")]
    for name in dict.fromkeys(name for _, name in named):
        own = [path for path, of in named if of == name]
        brought.append(_bring(project, [*own, *parts], run, cancelled))
    return brought


def bundle_of(project: Project, name: str) -> Path:
    """Return the folder of a run's bundle.

    Raises:
        WorkbenchError: the run is not carried by hand.
    """
    run = runs.get(project.db, name)
    if not is_carried(project, run.place):
        raise NothingToDoError(f"{name} runs at {run.place}, and what it writes comes by itself.")
    found = newest_job(RunDir(project.absolute(run.dir)))
    if found is None:
        raise NothingToDoError(f"{name} was never put into a bundle. Resume it.")
    return Path(found.data["bundle"])


def zip_bundle(project: Project, name: str, to: Path | None = None) -> Path:
    """Put a run's bundle into one zip, for a machine that it is uploaded to; return where it is.

    Args:
        project: whose run.
        name: of the run.
        to: the zip, or a folder for it; None for beside the bundle.

    Raises:
        WorkbenchError: the run is not carried by hand.
        CarriedError: there is no bundle, or the zip cannot be written.
    """
    bundle = bundle_of(project, name)
    target = to or bundle.parent
    return zipped(bundle, target / f"{name}.zip" if target.is_dir() else target)


def carried_words(project: Project, row: runs.RunRow, contact: Contact | None) -> str:
    """Say how it stands with a run that is carried by hand, and what is to be done next; nothing where nothing is."""
    if row.status == "finished":
        return ""
    if contact is not None and contact.awaited:
        return f"Carried by hand. {contact.awaited}"
    try:
        bundle = bundle_of(project, row.name)
    except WorkbenchError as error:
        return str(error)
    start = f"open {NOTEBOOK} in Colab and run all, or elsewhere `python run.py`"
    if row.status == "submitted":
        found = "Results are found in that folder, or brought as results.zip."
        return f"Carried by hand: waiting for results. In {bundle}: {start}. {found}"
    if row.status in OVER:
        return f"Carried by hand. To go on from its last checkpoint, in {bundle}: {start}."
    came = runs.last_event_at(project.db, row.name)
    upto = f" up to {clock(came)}" if came else ""
    return f"Carried by hand: results came{upto}. More come from {bundle}, or brought as results.zip."


def _bring(project: Project, paths: Sequence[Path], run: str | None, cancelled: Callable[[], bool]) -> Brought:
    with opened(paths) as arrival:
        numbers = arrival.manifests()
        name = run or (read_manifest(arrival, numbers[0]).run if numbers else None)
        if name is None:
            raise CarriedError(f"{arrival.name}: no results yet. Wait until the folder is synced, and look again.")
        if name not in (row.name for row in runs.rows(project.db)):
            raise CarriedError(
                f"{arrival.name}: these are results of the run {name[:200]}, and this project has none of that name. "
                "Open the project that it was launched from."
            )
        taken = _take(project, name, arrival, cancelled)
    collect(project, (name,), far="nothing")
    row = next(item for item in runs.rows(project.db) if item.name == name)
    return Brought(run=name, files=taken.files, status=row.status, samples=row.samples)


def _take(project: Project, name: str, arrival: Arrival, cancelled: Callable[[], bool]) -> Taken:
    run = runs.get(project.db, name)
    if not is_carried(project, run.place):
        raise CarriedError(f"{arrival.name}: {name} runs at {run.place}, and nothing is carried from there by hand.")
    run_dir = RunDir(project.absolute(run.dir))
    taken = bundle_place(project, run.place, cancelled=cancelled).take(run_dir, arrival)
    latest = run_dir.latest_attempt() or 1
    reached(run_dir, latest, end_of(run_dir))
    if has_finished(run_dir, latest):
        all_here(run_dir, latest)
    return taken
