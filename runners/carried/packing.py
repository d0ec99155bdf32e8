"""Pack a run for being carried by hand: one folder, and on request one zip of it, with all that another machine needs.

The decision to know: the folder appears complete or not at all, and what is in it is never changed, but for the
notebook, which its editor saves, and the file `stop`. It carries the program itself, so nothing of ours is installed
where it goes.
"""

from __future__ import annotations

import json
import secrets
import shutil
import zipfile
from pathlib import Path
from typing import Final

from runners.carried import outset
from runners.carried.ferry import Ferry
from runners.carried.needs import needs_of
from runners.carried.notebook import notebook
from runners.carried.start import JOB, RESULTS, STOP
from runners.errors import CarriedError
from runners.places.package import package
from runners.rundir import RunDir, sha256_of
from runners.spec import RunSpec

SCHEMA_VERSION: Final = 1
NOTEBOOK: Final = "notebook.ipynb"
_README: Final = "README.txt"
_TASKS: Final = {"train": "training", "sample": "writing samples", "score": "measuring held-out pairs"}


def bundle_folder(folder: Path, run: str) -> Path:
    """Return where the bundle of a run stands in the folder of its place."""
    return folder / run


def pack(run_dir: RunDir, folder: Path, attempt: int) -> Path:
    """Make the bundle of a run, or let the one that stands be started again; return its folder.

    Args:
        run_dir: the run, its attempt's `job.json` written.
        folder: of the place.
        attempt: the one to be carried out next.

    Raises:
        CarriedError: something else stands there, or the folder takes nothing.
    """
    there = bundle_folder(folder, run_dir.path.name)
    try:
        if there.exists():
            _require_same(there, run_dir)
        else:
            _build(run_dir, folder, there)
        (there / STOP).unlink(missing_ok=True)
        asked = RunDir(there / JOB).job_json(attempt)
        asked.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run_dir.job_json(attempt), asked)
    except OSError as error:
        raise CarriedError(
            f"{there}: the bundle could not be written ({error.strerror or error}). Look at the folder of this place."
        ) from error
    return there


def zipped(there: Path, to: Path) -> Path:
    """Put a bundle into one zip, for a machine that it is uploaded to; return where it is.

    Args:
        there: the bundle.
        to: the zip.

    Raises:
        CarriedError: there is no bundle, or the zip cannot be written.
    """
    if not (there / "bundle.json").is_file():
        raise CarriedError(f"{there}: no bundle there. Resume the run, and it is packed anew.")
    aside = to.with_name(f".{to.name}.part")
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(there.rglob("*")):
                name = path.relative_to(there).as_posix()
                # The archive of an earlier packing would be carried back and forth.
                if path.is_file() and not path.name.startswith(".") and name != "results.zip":
                    archive.write(path, f"{there.name}/{name}")
        aside.replace(to)
    except OSError as error:
        raise CarriedError(f"{to}: could not be written ({error.strerror or error}).") from error
    finally:
        aside.unlink(missing_ok=True)
    return to


def _build(run_dir: RunDir, folder: Path, there: Path) -> None:
    spec = run_dir.spec()
    building = folder / f".{there.name}.{secrets.token_hex(4)}.building"
    building.mkdir(parents=True)
    try:
        for path in (run_dir.spec_json, *run_dir.submitted()):
            to = building / JOB / path.relative_to(run_dir.path)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
        (building / "runners.zip").write_bytes(package()[1])
        needs = needs_of(spec)
        (building / "requirements.txt").write_text("".join(f"{need}\n" for need in needs), encoding="utf-8")
        (building / "run.py").write_text(Path(outset.__file__).read_text(encoding="utf-8"), encoding="utf-8")
        files = {
            path.relative_to(building).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
            for path in sorted(building.rglob("*"))
            if path.is_file()
        }
        (building / _README).write_text(_readme(spec), encoding="utf-8")
        made = notebook(spec.name, _TASKS[spec.task], spec.model.id)
        (building / NOTEBOOK).write_text(made, encoding="utf-8")
        if (
            run_dir.samples.exists()
            or run_dir.checkpoint_steps()
            or any(run_dir.events(number).exists() for number in run_dir.attempts())
        ):
            Ferry(run_dir, building / RESULTS).carry()
        data = {
            "schema_version": SCHEMA_VERSION,
            "run": spec.name,
            "spec": sha256_of(run_dir.spec_json),
            "requirements": list(needs),
            "files": files,
        }
        # Last: where it is, everything is, as far as a synced folder keeps the order.
        (building / "bundle.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        building.rename(there)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _require_same(there: Path, run_dir: RunDir) -> None:
    try:
        told = json.loads((there / "bundle.json").read_text(encoding="utf-8"))
        same = (told["run"], told["spec"]) == (run_dir.path.name, sha256_of(run_dir.spec_json))
    except (OSError, ValueError, KeyError, TypeError):
        same = False
    if not same:
        raise CarriedError(
            f"{there}: something stands there that is not the bundle of this run. Move it away, and try again."
        )


def _readme(spec: RunSpec) -> str:
    return f"""\
{spec.name}

This folder carries out one run of the voice workbench, {_TASKS[spec.task]} with the model {spec.model.id},
on a machine that the workbench itself does not reach.

In Google Colab
    Put this folder into your Google Drive and open {NOTEBOOK} there, or upload the notebook to Colab and the zip of
    this folder to its files. Choose a GPU (Runtime, Change runtime type), then Run all.

On any other machine, Linux or macOS, with Python 3.11 or later
    python run.py install       installs what is missing: {", ".join(needs_of(spec))}
    python run.py               checks the machine, carries the run out, packs results.zip

If it is interrupted, start it again: it goes on from the last checkpoint.
Its work lies in ~/workbench-runs/{spec.name}.
That can be deleted once the results are back; set {outset.WORK} to have it elsewhere.

Back home
    If this folder is synced with the machine of the workbench, nothing is to be done: the results are found. Else:
    workbench runs bring {spec.name} results.zip
"""
