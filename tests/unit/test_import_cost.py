"""What the program loads before its first frame, and what it never loads: looked at in fresh interpreters."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.journeys.builders import make_reviewed_project

NEVER_BEFORE_THE_FRAME = ("torch", "transformers", "peft", "sqlite_utils", "numpy", "pandas", "tiktoken", "sentencex")
NEVER = ("torch", "transformers", "peft", "bitsandbytes")


def loaded_after(code: str, names: tuple[str, ...]) -> list[str]:
    """Run code in a fresh interpreter and return which of the modules it loaded."""
    script = f"{code}\nimport json, sys\nprint(json.dumps([name for name in {names!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, list)
    return found


def test_the_app_is_imported_without_anything_heavy() -> None:
    assert loaded_after("import workbench.app", NEVER_BEFORE_THE_FRAME) == []


def test_the_check_would_see_a_heavy_module() -> None:
    assert loaded_after("import workbench.app, sqlite_utils", NEVER_BEFORE_THE_FRAME) != []


def test_the_author_s_own_keys_are_looked_for_behind_the_first_frame() -> None:
    assert loaded_after("import workbench.app", ("workbench.every_key", "workbench.operations.own_keys")) == []


@pytest.mark.parametrize(
    "name", ["welcome", "essays", "pairs", "datasets", "runs", "launch", "review", "draft", "experiments"]
)
def test_no_screen_imports_a_training_library(name: str) -> None:
    assert loaded_after(f"import workbench.screens.{name}", NEVER) == []


FAR = (
    "runners.carried",
    "runners.places.ssh",
    "runners.places.ray",
    "runners.places.by_hand",
    "workbench.pulling",
    "http.client",
)


def test_a_project_whose_runs_are_all_here_loads_nothing_that_reaches_elsewhere(tmp_path: Path) -> None:
    make_reviewed_project(tmp_path / "voice", runs_made=1)
    code = f"""
from pathlib import Path
import workbench.app, workbench.following, workbench.screens.runs, workbench.screens.launch
from workbench.operations import collecting, launching, pulling, running
from workbench.operations.project import Project
project = Project.open(Path({str(tmp_path / "voice")!r}))
collecting.collect(project, far="nothing")
assert pulling.far_runs(project) == []
(row,) = running.run_rows(project)
running.run_view(project, row.name)
running.launched_words(project, row.name)
"""
    assert loaded_after(code, FAR) == []


def test_no_operation_imports_a_training_library() -> None:
    names = sorted(path.stem for path in (ROOT / "workbench" / "operations").glob("*.py") if path.stem != "__init__")
    code = "\n".join(f"import workbench.operations.{name}" for name in names)
    assert loaded_after(code, NEVER) == []
