"""A large edit is undone and redone in a child process; stopped or killed, it is undone in part, which is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from store import history
from store.edit_states import part
from store.errors import Conflict, DatabaseBusy
from workbench.operations import curating, edits, guide, reversing_job
from workbench.operations.errors import ChildError, NothingToDoError
from workbench.operations.essays import essay_rows, hold_out
from workbench.operations.importing import import_paths
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs
from workbench.operations.reversing_job import reverse_aside

ESSAYS = 300
FIRST = "The gravel path was laid before anybody asked who would walk on it. That is the way with most paths, I find."
SECOND = "My aunt walked on it once, in good shoes, and never again. She said that it had opinions about her heels."
LABEL = f"import {ESSAYS} notes from essays"


def silent(done: int, total: int, label: str) -> None:
    """Take progress without a word."""


def never() -> bool:
    """Go on."""
    return False


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose only edit, an import, is large."""
    folder = tmp_path / "voice" / "essays"
    folder.mkdir(parents=True)
    for number in range(ESSAYS):
        text = f"# Note {number:03d}\n\n{FIRST}\n\n{SECOND}\n"
        (folder / f"note-{number:03d}.md").write_text(text, encoding="utf-8")
    project = Project.create(tmp_path / "voice", essays=("essays",))
    import_paths(project, [])
    return project


def stop(project: Project) -> str:
    """Undo a step of the import, and return what is said."""
    said: list[int] = []
    done = reverse_aside(
        project, "undo", progress=lambda done, total, label: said.append(done), cancelled=lambda: bool(said)
    )
    assert done is not None
    return done.sentence


def test_the_child_undoes_and_redoes_what_is_large(project: Project) -> None:
    before = essay_rows(project)
    assert edits.is_large(project, "undo")
    said: list[tuple[int, str]] = []
    done = reverse_aside(
        project, "undo", progress=lambda done, total, label: said.append((total, label)), cancelled=never
    )
    assert done is not None
    assert (done.sentence, done.ids("source")) == (f"Undone: {LABEL}", list(range(ESSAYS, 0, -1)))
    assert set(said) == {(ESSAYS, LABEL)}
    assert (essay_rows(project), reverse_aside(project, "undo", progress=silent, cancelled=never)) == ([], None)
    assert edits.is_large(project, "redo")
    redone = reverse_aside(project, "redo", progress=silent, cancelled=never)
    assert redone is not None
    assert redone.sentence == f"Redone: {LABEL}"
    assert essay_rows(project) == before
    hold_out(project, ["note-001"])
    assert not edits.is_large(project, "undo")
    assert edits.is_large(project, "undo", 1)
    down = reverse_aside(project, "undo", down_to=1, progress=silent, cancelled=never)
    assert down is not None
    assert (down.sentence, essay_rows(project)) == (f"2 edits undone, down to: {LABEL}", [])


def test_one_that_is_stopped_says_so_and_is_offered_until_it_is_finished_or_taken_back(project: Project) -> None:
    before = essay_rows(project)
    sentence = f"Undone only in part: undo the rest with u, or redo it with U (edit 1, {LABEL})."
    assert stop(project) == sentence
    assert 0 < len(essay_rows(project)) < ESSAYS
    step = guide.next_step(project)
    assert (f"{step.text}.", step.key) == (sentence, "u")
    assert edits.is_large(project, "redo")
    assert edits.redo(project) == f"Redone: {LABEL}"
    assert essay_rows(project) == before
    assert guide.next_step(project).text.endswith("propose pairs with p")
    stop(project)
    assert edits.undo(project) == f"Undone: {LABEL}"
    assert essay_rows(project) == []


def test_one_whose_child_is_killed_says_so_and_goes_on(project: Project) -> None:
    before = essay_rows(project)

    def kill(done: int, total: int, label: str) -> None:
        for child in psutil.Process().children():
            if reversing_job.__name__ in child.cmdline():
                child.kill()

    for go_on in (edits.redo, edits.undo):
        with pytest.raises(ChildError, match=r"ended by itself.* Undone only in part: .* \(edit 1, import .*\)"):
            reverse_aside(project, "undo", progress=kill, cancelled=never)
        assert 0 < len(essay_rows(project)) < ESSAYS
        go_on(project)
        assert part(project.db) is None
    edits.redo(project)
    assert essay_rows(project) == before


def test_what_stands_against_it_is_named_and_nothing_is_changed(project: Project) -> None:
    propose_pairs(project, [1])
    edits.set_aside(project, 2)
    before = essay_rows(project)
    with pytest.raises(
        ChildError, match=r"essay 1 .* has a pair, made by edits that were set aside.* Nothing was"
    ) as error:
        reverse_aside(project, "undo", progress=silent, cancelled=never)
    assert "in part" not in str(error.value)
    assert essay_rows(project) == before
    with pytest.raises(Conflict, match="Nothing was changed"):
        edits.undo(project)


def test_going_back_to_a_later_edit_ends_first_what_was_stopped(project: Project) -> None:
    stop(project)
    propose_pairs(project, [1])
    hold_out(project, ["note-002"])
    assert [row.label for row in edits.edit_rows(project, edits.edit_ids(project))][1:] == [
        "propose a pair from Note 000",
        LABEL,
    ]
    with pytest.raises(Conflict):
        # The pair that was made meanwhile keeps its essay.
        edits.undo_to(project, 3)
    assert len(essay_rows(project)) == ESSAYS
    assert edits.undo_to(project, 2).sentence.startswith("2 edits undone")
    assert curating.pair_counts(project).proposed == 0
    assert edits.undo(project) == f"Undone: {LABEL}"


def three_edits(project: Project) -> None:
    for number in (1, 2, 3):
        hold_out(project, [f"note-{number:03d}"])


def test_going_back_takes_along_what_another_program_edits_meanwhile_and_goes_no_further(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_edits(project)
    other, undo = Project.open(project.root), history.undo

    def meddle(*given: Any, **named: Any) -> Any:
        # Between two of them, and so after they were counted.
        monkeypatch.setattr(history, "undo", undo)
        done = undo(*given, **named)
        for _ in range(2):
            edits.undo(other)
        return done

    monkeypatch.setattr(history, "undo", meddle)
    assert edits.undo_to(project, 2).sentence == "Undone: hold out an essay"
    assert [row.state for row in edits.edit_rows(project, edits.edit_ids(project))] == ["undone"] * 3 + ["done"]
    for _ in range(3):
        edits.redo(project)

    def another(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(history, "undo", undo)
        hold_out(other, ["note-009"])
        return undo(*given, **named)

    monkeypatch.setattr(history, "undo", another)
    assert edits.undo_to(project, 3).sentence.startswith("3 edits undone, down to: ")
    assert edits.edits_to_undo(project, 3) == 0
    other.close()


def test_going_back_to_an_edit_that_another_program_undoes_first_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_edits(project)
    other, undo = Project.open(project.root), history.undo

    def first(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(history, "undo", undo)
        edits.undo(other)
        return undo(*given, **named)

    monkeypatch.setattr(history, "undo", first)
    with pytest.raises(NothingToDoError, match=r"Edit 4 is not to be undone any more: another program undid it"):
        edits.undo_to(project, 4)
    assert edits.edits_to_undo(project, 3) == 1
    other.close()


def test_going_back_is_stopped_between_two_edits(project: Project) -> None:
    three_edits(project)
    done = edits.undo_to(project, 2, cancelled=lambda: True)
    assert done.sentence == "Stopped: 2 of 3 edits still stand. Undone: hold out an essay"
    assert (len(done.ids("source")), edits.edits_to_undo(project, 2)) == (1, 2)


def test_what_was_undone_is_said_where_its_pairs_cannot_follow(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_edits(project)

    def busy(*given: object) -> None:
        raise DatabaseBusy("Busy. Nothing was changed.")

    monkeypatch.setattr(edits, "after_reversal", busy)
    with pytest.raises(DatabaseBusy, match=r"^Undone: hold out an essay\. But another program has been writing"):
        edits.undo(project)
    with pytest.raises(DatabaseBusy, match=r"^2 edits undone, down to: hold out an essay\. But another"):
        edits.undo_to(project, 2)
