"""A setting is changed in its own line, and every other byte of the file stays the author's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.cleaning_rules import RULES, Cleaning
from workbench.operations.errors import ProjectError
from workbench.operations.project import Project, read_settings
from workbench.operations.settings_file import change_setting, with_setting


def changed(tmp_path: Path, before: str | bytes, table: str, key: str, value: bool | int | str) -> str:
    path = tmp_path / "workbench.toml"
    path.write_bytes(before.encode() if isinstance(before, str) else before)
    change_setting(path, table, key, value)
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[cleaning]\nlinks = true\n", "[cleaning]\nlinks = false\n"),
        ("[cleaning]\r\nlinks=true   # mine\r\n", "[cleaning]\r\nlinks=false   # mine\r\n"),
        ("  [ cleaning ] # rules\n  'links' = true", "  [ cleaning ] # rules\n  'links' = false"),
        ("links = 1\n[o]\nlinks = 2\n[cleaning]\nlinks = true", "links = 1\n[o]\nlinks = 2\n[cleaning]\nlinks = false"),
        ("[cleaning]\na = 1\n\n# Of b.\n[b]\nc = 1\n", "[cleaning]\na = 1\nlinks = false\n\n# Of b.\n[b]\nc = 1\n"),
        ("[cleaning]\n# none yet\n", "[cleaning]\nlinks = false\n# none yet\n"),
        ("model = 'a'", "model = 'a'\n\n[cleaning]\nlinks = false\n"),
        ("", "\n[cleaning]\nlinks = false\n"),
        ("[cleaning]", "[cleaning]\nlinks = false\n"),
    ],
)  # fmt: skip
def test_one_line_is_changed_or_added(tmp_path: Path, before: str, after: str) -> None:
    assert changed(tmp_path, before, "cleaning", "links", False) == after


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ('model = "a # b" # which\n[t]\n', "c", 'model = "c" # which\n[t]\n'),
        ("model = 'x'\n", 'say "é😀\\"\x7f', 'model = "say \\"é😀\\\\\\"\\u007f"\n'),
        ("[t]\nmodel = 1\n", "c", 'model = "c"\n[t]\nmodel = 1\n'),
    ],
)
def test_a_text_at_the_top_is_changed_too(tmp_path: Path, before: str, value: str, after: str) -> None:
    assert changed(tmp_path, before, "", "model", value) == after


@pytest.mark.parametrize(
    "before", ["cleaning = {links = true}\n", "cleaning.links = true\n", 'x = """\n[cleaning]\n"""\n']
)
def test_what_is_not_understood_is_left_alone_and_said(tmp_path: Path, before: str) -> None:
    with pytest.raises(ProjectError, match=r"cleaning.links is written in a way.*Set it there to false by hand"):
        changed(tmp_path, before, "cleaning", "links", False)
    assert (tmp_path / "workbench.toml").read_text() == before
    assert os.listdir(tmp_path) == ["workbench.toml"]


def test_a_file_that_is_no_toml_or_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="not TOML"):
        changed(tmp_path, "cleaning", "cleaning", "links", False)
    with pytest.raises(ProjectError, match="cannot be read"):
        change_setting(tmp_path / "none.toml", "cleaning", "links", False)


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "voice.toml"
    real.write_text("[cleaning]\nlinks = true\n")
    real.chmod(0o600)
    link = tmp_path / "workbench.toml"
    link.symlink_to(real)
    change_setting(link, "cleaning", "links", False)
    assert link.is_symlink()
    assert real.read_text() == "[cleaning]\nlinks = false\n"
    assert real.stat().st_mode & 0o777 == 0o600


@given(
    st.lists(
        st.sampled_from(["[cleaning]", "[local]", "links = true", "# links = true", "", "nice = 3", "\r", "x = '#'"])
    )
)
def test_every_other_line_stays_as_it_was(lines: list[str]) -> None:
    new = with_setting("\n".join(lines), "cleaning", "links", False)
    old = [line.strip() for line in lines if line.strip()]
    rest = [line.strip() for line in new.split("\n") if line.strip()]
    rest.remove("links = false")
    one_less = [old[:n] + old[n + 1 :] for n, line in enumerate(old) if line == "links = true"]
    assert rest in (old, [*old, "[cleaning]"], *one_less)


def test_every_rule_is_listed_in_a_new_project_and_can_be_switched(tmp_path: Path) -> None:
    project = Project.create(tmp_path)
    before = (tmp_path / "workbench.toml").read_text()
    for name, words in RULES.items():
        assert f"# {words}\n{name} = true\n" in before
    assert project.settings.cleaning == Cleaning()
    project.change_setting("cleaning", "links", False)
    assert project.settings.cleaning == Cleaning(links=False)
    assert (tmp_path / "workbench.toml").read_text() == before.replace("\nlinks = true", "\nlinks = false")


def test_a_rule_that_is_none_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "workbench.toml"
    path.write_text("[cleaning]\nlink = false\nimages = 1\n[clean]\n")
    with pytest.raises(ProjectError) as caught:
        read_settings(path)
    assert "cleaning.link: no such setting. Did you mean 'links'?" in str(caught.value)
    assert "cleaning.images: found 1, expected true or false." in str(caught.value)
    assert "clean: no such setting. Did you mean 'cleaning'?" in str(caught.value)
