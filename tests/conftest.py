"""What every test shares: where the real essays and the golden values lie."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.operations.own_keys import FOLDER_VARIABLE

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_ESSAYS = ROOT / "workbench" / "demo" / "essays"
# Collecting takes part of a second beside torch: only once so many more files are open than it left last time.
_MANY = 150
_stay_open = 0


def shared_essays() -> Path | None:
    """Return the folder of public-domain essays, or None where it is not there."""
    named = os.environ.get("WORKBENCH_ESSAYS")
    folder = Path(named) if named else ROOT.parent / "shared" / "essays"
    return folder if folder.is_dir() else None


@pytest.fixture(autouse=True)
def _few_open_files() -> Iterator[None]:
    yield
    # A program that has ended is a circle of objects, its connections to the store among them: Python takes it away
    # when it comes to it, which in a process this large may be after the system's limit of open files.
    global _stay_open
    if _open_files() > _stay_open + _MANY:
        gc.collect()
        _stay_open = _open_files()


def _open_files() -> int:
    return len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else 0


@pytest.fixture(autouse=True)
def _no_keys_of_ones_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    # What whoever runs the tests has as keys of her own changes nothing here.
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path_factory.getbasetemp() / "no-keys"))


@pytest.fixture(scope="session", params=["sample essays", "chesterton"])
def essays_folder(request: pytest.FixtureRequest) -> Path:
    """A folder of real essays: the project's own, and Chesterton's where they are."""
    if request.param == "sample essays":
        return SAMPLE_ESSAYS
    shared = shared_essays()
    if shared is None:
        pytest.skip("the public-domain essays are not here; name their folder in WORKBENCH_ESSAYS")
    return shared / "chesterton"
