"""Essays that change on the disk, from the command line: looked at on demand, watched, their pairs settled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.conftest import ROOT
from workbench.cli.main import cli

FIRST = "The gravel path was laid before anybody asked who would walk on it, which is the way with most paths."
PATIENCE_S = 300.0
SECOND = "My aunt walked on it once, in good shoes, and never again. She said that it had opinions about her heels."


def call(folder: Path, *words: object, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["-p", str(folder), *map(str, words)], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result


def data(folder: Path, *words: object) -> Any:
    return json.loads(call(folder, *words, "--json").stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    essays = tmp_path / "voice" / "essays"
    essays.mkdir(parents=True)
    (essays / "gravel.md").write_text(f"# On Gravel\n\n{FIRST}\n\n{SECOND}\n")
    call(tmp_path, "init", tmp_path / "voice", "--essays", "essays")
    call(tmp_path / "voice", "import")
    call(tmp_path / "voice", "pairs", "propose")
    call(tmp_path / "voice", "pairs", "accept", "--all-proposed")
    return tmp_path / "voice"


def test_a_changed_essay_is_looked_at_and_its_pair_settled(folder: Path) -> None:
    path = folder / "essays" / "gravel.md"
    assert "Nothing changed" in call(folder, "import", "--changed").stderr
    path.write_text(path.read_text().replace("good shoes", "bad shoes"))
    report = data(folder, "import", "--changed")
    assert (report["changed"], report["followed"][0]["changed"]) == (["gravel"], 1)
    (found,) = data(folder, "pairs", "changed")
    assert ("good shoes" in found["before"]["response"], "bad shoes" in found["after"]["response"]) == (True, True)
    assert data(folder, "pairs", "settle", found["id"], "--take") == {"settled": 1, "without_prompt": []}
    assert data(folder, "pairs", "changed") == []
    assert "bad shoes" in data(folder, "pairs", "show", found["id"])["pair"]["response"]
    assert "Undone: take the new text" in call(folder, "undo").stderr
    assert [item["id"] for item in data(folder, "pairs", "changed")] == [found["id"]]
    call(folder, "pairs", "settle", "--keep", "--all")
    assert "good shoes" in data(folder, "pairs", "show", found["id"])["pair"]["response"]


def test_files_that_moved_and_went_are_named(folder: Path) -> None:
    path = folder / "essays" / "gravel.md"
    path.rename(path.with_name("paths.md"))
    assert "renamed" in call(folder, "import", "--changed").stdout
    path.with_name("paths.md").unlink()
    result = call(folder, "import", "--changed")
    assert "missing" in result.stdout
    assert "On Gravel: missing" in result.stderr
    assert data(folder, "essays", "list")[0]["accepted"] == 1


def test_changed_stands_by_itself(folder: Path) -> None:
    assert "--changed stands by itself" in call(folder, "import", "essays", "--changed", exit_code=2).output
    assert "--take or --keep" in call(folder, "pairs", "settle", "--all", exit_code=2).output


def _heed_ctrl_c() -> None:
    # Tests that run in the background of a script ignore it, and what they start would, too.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watching_prints_what_was_saved_until_it_is_ended(folder: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "workbench", "-p", str(folder), "watch", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    watcher = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=_heed_ctrl_c,
    )
    overdue = threading.Timer(PATIENCE_S, watcher.kill)
    overdue.start()
    try:
        assert watcher.stdout is not None
        assert watcher.stderr is not None
        assert watcher.stderr.readline().startswith("Watching")
        path = folder / "essays" / "gravel.md"
        saved = folder / "saved"
        saved.write_text(path.read_text().replace("good shoes", "bad shoes"))
        saved.replace(path)
        assert json.loads(watcher.stdout.readline())["followed"][0]["changed"] == 1
    finally:
        watcher.send_signal(number)
        watcher.communicate()
        overdue.cancel()
    assert watcher.returncode == 0
    assert len(data(folder, "pairs", "changed")) == 1
