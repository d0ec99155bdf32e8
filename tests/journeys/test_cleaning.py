"""What goes of an essay, from the command line: shown, switched, and seen in the pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from store.pairs import PairFilter
from workbench.cli.main import cli
from workbench.operations import curating, proposing
from workbench.operations.importing import import_paths
from workbench.operations.project import Project

TEXT = """\
# Salt

Salt is kept in a [blue jar](https://v.example/jar) on the shelf by the door.[^1] Nobody has ever asked me why it stands
there, and so I have never had to say. It is the only thing in the kitchen that I would save from a fire.

Subscribe

[^1]: It was my aunt's.
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one essay that was pasted from a page."""
    project = Project.create(tmp_path / "voice")
    (tmp_path / "salt.md").write_text(TEXT, encoding="utf-8")
    import_paths(project, [tmp_path / "salt.md"])
    return project


def call(project: Project, *arguments: str) -> Result:
    """Run a command that succeeds."""
    result = CliRunner().invoke(cli, ["-p", str(project.root), "essays", *arguments])
    assert result.exit_code == 0, result.output
    return result


def texts(project: Project) -> str:
    """Return all texts of the pairs as they are proposed now."""
    proposing.propose_pairs(project, [1])
    views = [curating.pair_view(project, pair) for pair in curating.pair_ids(project, PairFilter())]
    return "\n".join(view.pair.prompt + view.pair.response for view in views)


def test_what_goes_is_shown_by_line_and_a_rule_is_switched(project: Project) -> None:
    shown = call(project, "clean", "salt")
    assert [line.split()[:2] for line in shown.stdout.splitlines()[1:]] == [
        ["3", "links"],
        ["3", "footnote_references"],
        ["6", "platform_lines"],
        ["8", "end_matter"],
    ]
    assert "4 go; 0 more would" in shown.stderr
    assert "](" not in texts(project)
    assert "links is off" in call(project, "rules", "links", "off").stderr
    assert "3 go; 1 more would" in call(project, "clean", "salt").stderr
    project = Project.open(project.root)
    assert "[blue jar](https://v.example/jar)" in texts(project)
    found: Any = json.loads(call(project, "rules", "--json").stdout)
    assert {rule["name"] for rule in found if not rule["on"]} == {"links"}
    view: Any = json.loads(call(project, "clean", "salt", "--json").stdout)
    assert [(item["line"], item["rule"], item["kept"], item["on"]) for item in view["leftovers"]][0] == (
        3,
        "links",
        "blue jar",
        False,
    )


def test_notes_are_printed_with_their_essay_and_line(project: Project) -> None:
    assert "It was my aunt's.\n\n[Note 1 of Salt]" in call(project, "footnotes").stdout
    found: Any = json.loads(call(project, "footnotes", "salt", "--json").stdout)
    assert found == [{"source": "salt", "title": "Salt", "label": "1", "text": "It was my aunt's.", "line": 8}]


def test_a_name_that_is_none_is_said(project: Project) -> None:
    for arguments in (["clean", "bread"], ["footnotes", "bread"], ["rules", "bread", "off"]):
        result = CliRunner().invoke(cli, ["-p", str(project.root), "essays", *arguments])
        assert result.exit_code == 1
        assert "bread" in result.stderr
