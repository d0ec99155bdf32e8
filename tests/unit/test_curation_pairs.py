"""Proposals from an essay, and the edits of a pair."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

import pytest

from curation.discover import discover
from curation.errors import CurationError
from curation.essay import read_essay
from curation.pairs import Proposal, propose
from curation.paragraphs import paragraphs
from curation.reshape import PairText, merge, move_boundary, split


def words(text: str) -> int:
    return len(text.split())


def proposals(text: str, *, response: int = 40, context: int = 40) -> list[Proposal]:
    return propose(text, paragraphs(text), count_tokens=words, response_tokens=response, context_tokens=context)


def said(count: int, about: str) -> str:
    return " ".join(f"Sentence {number} says something short about {about}." for number in range(count))


def test_the_opening_prompts_the_rest_and_the_text_before_prompts_what_follows() -> None:
    text = said(20, "salt")
    found = proposals(text)
    assert found[0].prompt == "Sentence 0 says something short about salt."
    assert found[0].response.startswith("Sentence 1 ")
    assert found[1].prompt.endswith(found[0].response[-40:])
    assert " ".join([found[0].prompt, *(item.response for item in found)]) == text
    assert {item.tier for item in found} == {"continuation"}


def test_headings_and_breaks_are_never_crossed_by_prompt_or_response() -> None:
    text = f"{said(9, 'salt')}\n\n## Next\n\n{said(9, 'bread')}\n\n***\n\n{said(9, 'wine')}"
    for item in proposals(text, response=500, context=500):
        topics = {topic for topic in ("salt", "bread", "wine") if topic in item.prompt + item.response}
        assert len(topics) == 1
        assert "Next" not in item.response
        assert "***" not in item.response
    assert len(proposals(text, response=500, context=500)) == 3


def test_what_only_a_page_needs_is_in_no_pair() -> None:
    text = (
        f"---\ntitle: Secret\n---\n\n{said(5, 'salt')}[^1]\n\n![Secret](a.png)\n\n*Secret caption*\n\n"
        f"{said(5, 'bread')}\n\n<p>Secret</p>\n\n[^1]: Secret note.\n"
    )
    found = proposals(text, response=200)
    assert len(found) == 1
    assert "Secret" not in found[0].prompt + found[0].response
    assert "\n\nSentence 0 says something short about bread." in found[0].response


def test_short_paragraphs_go_together_and_long_ones_are_parted() -> None:
    short = "\n\n".join(f"A short paragraph, number {number}." for number in range(40))
    assert all(item.response.count("\n\n") >= 4 for item in proposals(short))
    long = proposals(said(60, "salt"))
    assert all(20 <= words(item.response) <= 80 for item in long)


def test_a_response_that_opens_a_paragraph_has_a_prompt_that_ends_one() -> None:
    text = "\n\n".join(said(6, topic) for topic in ("salt", "bread", "wine", "oil"))
    found = proposals(text)
    assert any(item.prompt.endswith("\n\n") for item in found)
    for item in found:
        before = text[: item.start]
        assert item.prompt.endswith("\n\n") == before.endswith("\n\n")


def test_verse_stays_with_the_sentence_that_announces_it() -> None:
    text = (
        f"{said(5, 'salt')} As the poet says:\n\n> Salt is salt,  \n> and no more.\n\nwhich is true. {said(5, 'bread')}"
    )
    whole = "As the poet says:\n\n> Salt is salt,\n> and no more.\n\nwhich is true."
    assert sum(whole in item.response for item in proposals(text, response=24)) == 1


def test_an_epigraph_is_in_no_pair() -> None:
    text = f"> A word of another man,  \n> who is dead.\n\n{said(10, 'salt')}"
    assert all("another man" not in item.prompt + item.response for item in proposals(text))


def test_a_piece_of_one_sentence_gives_no_pair() -> None:
    assert proposals("Only this, however long it goes on and on about the salt and the bread and the wine.") == []
    assert proposals("") == []
    assert proposals("# Title\n\n***\n") == []


def test_a_prompt_keeps_to_its_room_unless_one_sentence_is_longer() -> None:
    text = said(30, "salt")
    assert all(words(item.prompt) <= 20 for item in proposals(text, context=20))
    long = "Before. " + "word " * 50 + "end. After this comes a sentence of more than eight short words."
    assert words(proposals(long, response=10, context=20)[-1].prompt) in (1, 51, 52)


def test_budgets_below_one_are_refused() -> None:
    with pytest.raises(CurationError, match="Give 1 or more"):
        proposals("Text.", response=0)


def test_real_essays_give_whole_sentences_near_the_target(essays_folder: Path) -> None:
    essays = [read_essay(path) for path in discover([essays_folder]).files]
    found = [(essay, item) for essay in essays for item in proposals(essay.text, response=200, context=160)]
    lengths = [words(item.response) for _, item in found]
    assert len(found) > 60
    assert max(lengths) <= 330
    assert 130 < statistics.median(lengths) < 230
    for essay, item in found:
        assert item.response == item.response.strip()
        assert words(item.prompt) <= 160
        assert re.search(r"[.!?…:][\"”’)\]*_\u200a]*$", item.response), item.response[-60:]
        assert not re.match(r"[”)\],;]", item.response)
        for text in (item.prompt, item.response):
            assert "***" not in text
            assert "[^" not in text
            assert "](" not in text
        span = essay.text[item.start : item.end]
        assert span.split()[-1].rstrip("[^0123456789]")[-6:] in item.response.split()[-1] or "[" in span.split()[-1]
        assert span[:1] == item.response[:1]


def test_moving_the_boundary_goes_by_sentences_and_back_again() -> None:
    pair = PairText("One. Two.", "Mr. Three came. “Four!” he said.\n\nFive is here.")
    moved = move_boundary(pair, 1)
    assert moved == PairText("One. Two. Mr. Three came.", "“Four!” he said.\n\nFive is here.")
    further = move_boundary(pair, 2)
    assert further == PairText("One. Two. Mr. Three came. “Four!” he said.\n\n", "Five is here.")
    assert move_boundary(further, -2) == pair
    assert move_boundary(pair, -1) == PairText("One.", "Two. Mr. Three came. “Four!” he said.\n\nFive is here.")
    assert move_boundary(pair, 0) == pair


@pytest.mark.parametrize("sentences", [1, -1])
def test_the_last_sentence_of_a_side_never_moves(sentences: int) -> None:
    with pytest.raises(CurationError, match="only this sentence left"):
        move_boundary(PairText("One.", "Two."), sentences)


def test_splitting_gives_the_second_the_first_response_as_its_prompt_and_merging_undoes_it() -> None:
    pair = PairText("Before.", "One came. Two left.\n\nThree stayed behind.")
    for offset in (10, 19, 20):
        first, second = split(pair, offset)
        assert first.prompt == "Before."
        assert second.prompt.rstrip() == first.response
        assert merge(first, second) == pair


@pytest.mark.parametrize("offset", [-3, 0, 4, 99])
def test_splitting_off_nothing_is_refused(offset: int) -> None:
    with pytest.raises(CurationError, match="leaves one part empty"):
        split(PairText("Before.", "One."), offset)


def test_merging_over_a_break_keeps_the_opening_that_only_the_second_prompt_holds() -> None:
    merged = merge(PairText("A.", "First response here."), PairText("Quite another opening stands here.", "Rest."))
    assert merged.response == "First response here.\n\nQuite another opening stands here. Rest."


def test_merging_after_a_small_edit_says_nothing_twice() -> None:
    first = PairText("A.", "The salt was in the old jar on the shelf by the door.")
    second = PairText("The salt was in the jar on the shelf by the door.", "Nobody took it.")
    assert merge(first, second).response == "The salt was in the old jar on the shelf by the door. Nobody took it."
