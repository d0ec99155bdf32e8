"""Markdown of every flavour comes in with its title and its front matter, and only its prose is offered to pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.atoms import join, sections
from curation.cleaning import staying
from curation.cleaning_rules import CLEAN
from curation.discover import discover
from curation.markdown import count_words
from curation.paragraphs import Paragraph
from store import essays as stored
from workbench.operations.essays import essay_rows
from workbench.operations.importing import import_paths
from workbench.operations.project import Project

PROSE = (
    "Salt stands in a blue jar by the door.\n\n***\n\nIt was my aunt's, and before her it was nobody's that we know of."
)
OBSIDIAN = (
    f"---\naliases: [salt, the jar]\ntags:\n  - kitchen\ndate: 2024-02-23\n---\n# On Salt\n\n{PROSE}\n\n#kitchen/salt\n"
)
JEKYLL = f'---\nlayout: post\ntitle: "On Salt"\ndate: 2024-02-23 10:00:00 +0000\n---\n{PROSE}\n\n{{: .note}}\n'
HUGO_YAML = f"---\ntitle: On Salt\ndraft: false\n---\n\n{PROSE}\n\n{{{{< figure src=a.png >}}}}\n"
HUGO_TOML = f"+++\ntitle = 'On Salt'\ndate = 2024-02-23T10:00:00Z\ndraft = false\n+++\n\n{PROSE}\n"
GHOST = f'---\ntitle: On Salt\nslug: on-salt\ndate_published: 2024-02-23\nexcerpt: "Jars: a life"\n---\n\n{PROSE}\n'
NOT_QUITE_YAML = f"---\ntitle: On Salt\nsubtitle: jars: a life\n---\n\n{PROSE}\n"
PASTED = f"# On Salt\n\nFeb 23, 2024\n\n{PROSE}\n\nSubscribe\n"
FLAVOURS = {
    "obsidian": OBSIDIAN, "jekyll": JEKYLL, "hugo-yaml": HUGO_YAML, "hugo-toml": HUGO_TOML, "ghost": GHOST,
    "not-quite-yaml": NOT_QUITE_YAML, "pasted": PASTED,
}  # fmt: skip
WRITTEN = {"plain": ("", "\n"), "windows": ("\ufeff", "\r\n"), "old-mac": ("", "\r")}


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("written", WRITTEN)
def test_each_flavour_gives_its_title_and_its_prose(tmp_path: Path, flavour: str, written: str) -> None:
    project = Project.create(tmp_path / "voice")
    mark, end = WRITTEN[written]
    data = (mark + FLAVOURS[flavour].replace("\n", end)).encode()
    (tmp_path / "2024-02-23-a-file.md").write_bytes(data)
    report = import_paths(project, [tmp_path / "2024-02-23-a-file.md"])
    assert report.problems == ()
    [row] = essay_rows(project)
    assert (row.title, row.slug) == ("On Salt", "a-file")
    text = stored.text(project.db, row.id)
    assert (mark + text).encode() == data
    blocks = [Paragraph(block.kind, block.start, block.end) for block in stored.paragraphs(project.db, row.id)]
    offered = [join(atoms) for atoms in sections(text, staying(text, blocks, CLEAN), count_words, 100) if atoms]
    assert offered == PROSE.split("\n\n***\n\n")
    front = json.loads(project.db.one("SELECT front_matter_json FROM source")[0])
    assert ("title" in front or "tags" in front) == (flavour != "pasted")


def test_folders_of_real_essays_come_in_whole_and_twice_changes_nothing(tmp_path: Path, essays_folder: Path) -> None:
    project = Project.create(tmp_path / "voice")
    found = discover([essays_folder]).files
    first = import_paths(project, [essays_folder])
    assert (len(first.added), first.problems, first.left_out) == (len(found), (), ())
    again = import_paths(project, [essays_folder])
    assert (again.added, again.changed, again.same) == ((), (), first.added)
