"""Who asks the hosts beside the terminal program, with hosts that answer as they are told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runners.places.base import Handle
from runners.rundir import RunDir
from workbench import pulling
from workbench.operations import pulling as asking
from workbench.operations.project import Project

PATIENCE_S = 20


class Hosts:
    """Hosts of which one run is to come, and what keeps it from coming."""

    def __init__(self, project: Project) -> None:
        self.lines: list[str | None] = []
        self.checkpoints: list[str | None] = []
        self.said: list[str] = []
        self.rounds = 0
        self.over = threading.Event()
        self.pulling = pulling.Pulling(project, failed=self.said.append)
        folder = RunDir(project.root / "runs" / "a-run")
        self.run = asking.FarRun(
            name="a-run", place="gpu", run_dir=folder, attempt=1, handle=Handle("gpu", {}), carried=False
        )

    def look(self, *_: object, **__: object) -> str | None:
        self.rounds += 1
        if self.rounds > len(self.checkpoints):
            self.over.set()
            return None
        return self.lines[self.rounds - 1] if self.lines else None

    def bring(self, *_: object, **__: object) -> str | None:
        return None if self.over.is_set() else self.checkpoints[self.rounds - 1]


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    project = Project.create(tmp_path)
    hosts = Hosts(project)
    monkeypatch.setattr(pulling, "_EVERY_S", 0.01)
    monkeypatch.setattr(pulling, "_SELDOM_S", 0.01)
    monkeypatch.setattr(asking, "far_runs", lambda *_: [] if hosts.over.is_set() else [hosts.run])
    monkeypatch.setattr(asking, "look", hosts.look)
    monkeypatch.setattr(asking, "pull_checkpoints", hosts.bring)
    monkeypatch.setattr(asking.FarRun, "wants_checkpoints", lambda *_: True)
    # Beside the lines they come in an order of their own; here one waits for the other.
    plain = pulling._Host._bring

    def bring(self: pulling._Host, run: asking.FarRun) -> None:
        plain(self, run)
        if self._bringing is not None:
            self._bringing.join(PATIENCE_S)

    monkeypatch.setattr(pulling._Host, "_bring", bring)
    yield hosts
    hosts.pulling.stop()
    project.close()


def test_why_checkpoints_do_not_come_is_said_once_until_they_do(hosts: Hosts) -> None:
    hosts.checkpoints = ["no room", "no room", "no room", None, "no room"]
    hosts.pulling.start()
    assert hosts.over.wait(PATIENCE_S)
    assert hosts.said == ["no room", "no room"]


def test_a_connection_that_broke_off_is_said_once_whoever_noticed(hosts: Hosts) -> None:
    hosts.checkpoints = ["it broke off", None, None]
    hosts.lines = [None, "it broke off", None]
    hosts.pulling.start()
    assert hosts.over.wait(PATIENCE_S)
    assert hosts.said == ["it broke off"]


def test_a_place_that_is_away_or_has_everything_wait_is_asked_more_and_more_seldom() -> None:
    assert pulling.pause_s(3.0, failed=False, queued=False) == 3.0
    assert [pulling.pause_s(before, failed=True, queued=False) for before in (3.0, 6.0, 24.0)] == [6.0, 12.0, 30.0]
    assert [pulling.pause_s(before, failed=False, queued=True) for before in (3.0, 6.0, 12.0)] == [6.0, 12.0, 15.0]
    # Once one of them runs, its lines come as ever.
    assert pulling.pause_s(15.0, failed=False, queued=False) == 3.0
