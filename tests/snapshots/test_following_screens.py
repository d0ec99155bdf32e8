"""How essays that changed on the disk look: their signs, their pairs, and the view that settles one."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import essays, following, pairs
from store.pairs import PairFilter
from tests.journeys.builders import fixed_time, make_curated_project
from tests.snapshots.test_curation_screens import SIZES, Compare, looks_right
from workbench.operations.essays import essay_rows
from workbench.operations.following import catch_up
from workbench.operations.import_essays import new_source
from workbench.operations.project import Project
from workbench.operations.reshaping import edit_pair

pytestmark = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """One essay that was changed, one renamed, one that is missing, one that is new."""
    with fixed_time():
        project = make_curated_project(tmp_path / "voice")
        by_slug = {row.slug: row for row in essay_rows(project)}
        changed = by_slug["on-sandals"]
        ids = pairs.ids(project.db, PairFilter(source_id=changed.id))
        first = pairs.get(project.db, ids[0])
        edit_pair(project, first.id, prompt=first.prompt, response=f"To begin with: {first.response}")
        text = essays.text(project.db, changed.id)
        words = first.response.split()
        text = (
            text.replace(first.response, " ".join([*words[:4], "almost", *words[5:]])) + "\n\nAnd a last paragraph.\n"
        )
        _save(project, changed, text)
        catch_up(project)
        following.renamed(project.db, by_slug["the-back-wheel"].id, "essays/wheels.md")
        following.missing(project.db, [by_slug["a-drawer-of-keys"].id])
        following.came(project.db, ["queue-position-four"])
    project.close()
    return tmp_path / "voice"


def _save(project: Project, row: essays.SourceRow, text: str) -> None:
    source = new_source(
        path=row.path,
        slug=row.slug,
        kind=row.kind,
        kind_set=False,
        title=row.title,
        text=text,
        file_bytes=len(text.encode()),
        front_matter={},
    )
    essays.save(project.db, source)


def test_essays_carry_signs_and_words(snap_compare: Compare, changed: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, changed, size, screen="essays", keys=("j",))


def test_a_changed_pair_is_settled(snap_compare: Compare, changed: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, changed, size, screen="pairs", keys=("w",))
