"""Words of a model in a draft: written beside a copy, remembered, and told when the draft comes in as an essay."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from store import sessions as stored
from store.pairs import PairFilter
from workbench.operations import checking, curating, waiving
from workbench.operations.curating import PairView
from workbench.operations.errors import WorkbenchError
from workbench.operations.importing import import_paths
from workbench.operations.looking import look
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs
from workbench.operations.taking import remember_taken, taken, write_draft

PASSAGE = "the old gate leans on its post and says nothing to the field that it was meant to keep"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.create(tmp_path / "voice", essays=("essays",))
    stored.add(
        made.db, name="s1", dir="runs/s1", place="local", model="embedded", adapter_run=None, checkpoint=None
    )  # fmt: skip
    return made


def test_a_file_is_replaced_beside_a_copy_of_what_it_was(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "d.md"
    path.write_bytes(b"\xef\xbb\xbfOne.\r\n")
    path.chmod(0o640)
    done = write_draft(project, path, standing="One.\r\n", text="Two.\r\n")
    assert path.read_bytes() == b"\xef\xbb\xbfTwo.\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert done.backup is not None
    assert done.backup.read_bytes() == b"\xef\xbb\xbfOne.\r\n"
    assert done.backup.is_relative_to(project.root / "backups" / "drafts")
    assert sorted(os.listdir(tmp_path)) == ["d.md", "voice"]


def test_no_other_file_is_touched_where_one_is_replaced(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "d.md"
    path.write_text("One.")
    (tmp_path / "d.md.part").write_text("Hers.")
    write_draft(project, path, standing="One.", text="Two.")
    assert (path.read_text(), (tmp_path / "d.md.part").read_text()) == ("Two.", "Hers.")
    assert sorted(os.listdir(tmp_path)) == ["d.md", "d.md.part", "voice"]


def test_a_link_to_a_draft_stays_one(project: Project, tmp_path: Path) -> None:
    (tmp_path / "d.md").write_text("One.")
    link = tmp_path / "link.md"
    link.symlink_to(tmp_path / "d.md")
    write_draft(project, link, standing="One.", text="Two.")
    assert link.is_symlink()
    assert (tmp_path / "d.md").read_text() == "Two."


def test_a_copy_leaves_the_file_and_replaces_nothing(project: Project, tmp_path: Path) -> None:
    path, to = tmp_path / "d.md", tmp_path / "e.md"
    path.write_text("One.")
    done = write_draft(project, path, standing="One.", text="Two.", to=to)
    assert (path.read_text(), to.read_text(), done.backup) == ("One.", "Two.", None)
    with pytest.raises(WorkbenchError, match="is there already"):
        write_draft(project, path, standing="One.", text="Three.", to=to)
    assert to.read_text() == "Two."


def test_a_file_that_changed_meanwhile_is_left_alone(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "d.md"
    path.write_text("One, and more.")
    with pytest.raises(WorkbenchError, match="was changed while the model wrote"):
        write_draft(project, path, standing="One.", text="Two.")
    assert path.read_text() == "One, and more."


def test_a_file_that_cannot_be_written_is_named(project: Project, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be written"):
        write_draft(project, tmp_path / "none.md", standing="", text="Two.")


def test_an_essay_that_holds_taken_words_says_so_when_it_comes_in_and_when_it_changes(
    project: Project, tmp_path: Path
) -> None:
    remember_taken(project, body=PASSAGE, session="s1", request=1, index=0, draft="d.md")
    assert [row.draft for row in taken(project)] == ["d.md"]
    folder = project.root / "essays"
    folder.mkdir()
    path = folder / "gates.md"
    path.write_text(f"# Gates\n\nMine is here.\n\nAnd {PASSAGE}.\n")
    (folder / "salt.md").write_text("# Salt\n\nA pinch of it, and nothing of anybody else's at all.\n")
    for dry_run in (True, False):
        report = import_paths(project, [folder], dry_run=dry_run)
        (problem,) = report.problems
        assert (problem.path, problem.line) == (str(path), 5)
        assert "holds 19 words that a model wrote, taken into d.md on " in problem.message
    assert import_paths(project, [folder]).problems == ()
    path.write_text(f"# Gates\n\nMine is here, and changed.\n\nAnd {PASSAGE}.\n")
    (told,) = look(project).problems
    assert "19 words that a model wrote" in str(told)


def test_pairs_that_hold_taken_words_say_so_with_their_line(project: Project, tmp_path: Path) -> None:
    remember_taken(project, body=PASSAGE, session="s1", request=1, index=0, draft="d.md")
    path = tmp_path / "pairs.jsonl"
    rows = [{"prompt": "Of salt.", "response": "A pinch."}, {"prompt": "Of gates.", "response": f"Well, {PASSAGE}."}]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (problem,) = [item for item in import_paths(project, [path]).problems if "a model wrote" in item.message]
    assert (problem.path, problem.line) == (str(path), 2)
    assert not [item for item in import_paths(project, [path]).problems if "a model wrote" in item.message]


def pair_with_the_passage(project: Project) -> PairView:
    """Import an essay that holds the passage between sentences of her own, and return the pair proposed of it."""
    essays = project.root / "essays"
    essays.mkdir(exist_ok=True)
    own = "I have walked past it for forty years, and I have never once seen it shut. " * 3
    (essays / "gate.md").write_text(f"# Gate\n\n{own}\n\n{PASSAGE.capitalize()}.\n\n{own}\n", encoding="utf-8")
    import_paths(project, [essays])
    propose_pairs(project)
    views = [curating.pair_view(project, key) for key in curating.pair_ids(project, PairFilter(), "queue")]
    return next(view for view in views if PASSAGE[1:] in view.pair.response)


def test_a_pair_of_a_models_words_is_doubtful_told_in_its_pane_and_a_leak_in_every_check(project: Project) -> None:
    remember_taken(project, body=PASSAGE, session="s1", request=1, index=0, draft="essays/gate.md")
    its = pair_with_the_passage(project)
    assert "words of a model" in its.doubts
    assert any(item.rule == "model-words" for item in curating.pair_findings(project, its.pair.id))
    curating.decide(project, [its.pair.id], "accepted")
    (leak,) = [item for item in checking.check(project).leaks if item.rule == "model-words"]
    assert leak.subject == str(its.pair.id)
    assert "19 words that a model wrote" in leak.message
    waiving.waive(project, rule="model-words", scope="pair", subject=leak.subject, reason="I wrote it anew")
    assert not [item for item in checking.check(project).leaks if item.rule == "model-words"]


def test_a_check_that_was_kept_is_made_anew_once_words_of_a_model_were_taken(project: Project) -> None:
    its = pair_with_the_passage(project)
    assert not its.doubts or "words of a model" not in its.doubts
    curating.decide(project, [its.pair.id], "accepted")
    assert not [item for item in checking.check(project).findings if item.rule == "model-words"]
    remember_taken(project, body=PASSAGE, session="s1", request=1, index=0, draft="essays/gate.md")
    assert [item for item in checking.check(project).findings if item.rule == "model-words"]
