"""Positions of a canvas as characters: what takes several tokens is shown whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.builders import make_curated_project
from workbench.operations import targets
from workbench.operations.counting import end_child
from workbench.operations.project import Project
from workbench.operations.targets import read, target_of
from workbench.operations.token_pieces import Pieces, pieces_of, units_of


def units(*parts: bytes, names: dict[int, str] | None = None, ends: tuple[int, ...] = ()) -> list[tuple[str, str, int]]:
    """Return text, kind and number of positions of the units of tokens that are these bytes."""
    pieces = Pieces(texts=dict(enumerate(parts)), names=names or {}, ends=frozenset(ends))
    found, texts = units_of(range(len(parts)), pieces)
    assert [place for unit in found for place in range(unit.first, unit.last + 1)] == list(range(len(parts)))
    for unit in found:
        if not unit.special:
            assert "".join(texts[unit.first : unit.last + 1]) == unit.text
    return [(unit.text, unit.kind, unit.last - unit.first + 1) for unit in found]


def test_halves_of_an_accent_make_one_unit() -> None:
    assert units(b"caf", b"\xc3", b"\xa9", b" au") == [("caf", "text", 1), ("é", "text", 2), (" au", "text", 1)]


def test_an_emoji_of_four_tokens_is_one_unit_and_what_a_part_brings_along_belongs_to_it() -> None:
    assert units(b" \xf0", b"\x9f", b"\x90", b"\x8c!") == [(" 🐌!", "text", 4)]


def test_bytes_that_are_no_character_are_the_sign_for_that() -> None:
    assert units(b"a", b"\x8c", b"b") == [("a", "text", 1), ("�", "text", 1), ("b", "text", 1)]
    assert units(b"\xc3") == [("�", "text", 1)]


def test_a_special_token_parts_what_stands_beside_it() -> None:
    found = units(b"\xc3", b"<pad>", b"\xa9", names={1: "<pad>"})
    assert found == [("�", "text", 1), ("<pad>", "special", 1), ("�", "text", 1)]


def test_what_stands_behind_the_end_is_beyond_the_text() -> None:
    found = units(b"a", b"</s>", b"b", b"</s>", names={1: "</s>", 3: "</s>"}, ends=(1, 3))
    assert found == [("a", "text", 1), ("</s>", "end", 1), ("b", "beyond", 1), ("</s>", "beyond", 1)]


def test_a_token_that_the_tokenizer_does_not_have_is_its_number() -> None:
    found, texts = units_of([9], Pieces(texts={}, names={}, ends=frozenset()))
    assert [unit.text for unit in found] == ["‹id 9›"]
    assert texts == ("",)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_curated_project(tmp_path / "voice")


def test_a_large_tokenizer_is_read_in_the_child_process_and_says_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = target_of(project, "embedded")
    tokenizer = read(embedded, project).tokenizer
    assert tokenizer is not None
    ids = [*tokenizer.encode("Naïve snails 🐌 in Łódź."), *read(embedded, project).layout.end_token_ids]  # type: ignore[union-attr]
    here = pieces_of(project, embedded, ids)
    monkeypatch.setattr(targets, "_SMALL_BYTES", -1)
    try:
        there = pieces_of(project, target_of(project, "embedded"), ids)
    finally:
        end_child(project)
    assert not target_of(project, "embedded").small
    assert (there.texts, there.names, there.ends, there.problem) == (here.texts, here.names, here.ends, "")
    found, texts = units_of(ids, there)
    assert "".join(texts) == "Naïve snails 🐌 in Łódź."
    assert found[-1].kind == "end"


def test_a_model_that_is_not_here_says_how_to_fetch_it(project: Project) -> None:
    found = pieces_of(project, target_of(project, "some/LLaDA-8B"), [1, 2])
    assert "workbench models add some/LLaDA-8B" in found.problem
