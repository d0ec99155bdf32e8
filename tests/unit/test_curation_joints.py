"""What a cut between two sentences costs: the signs by which one thought ends and another begins."""

from __future__ import annotations

from curation.atoms import sections
from curation.joints import joint_costs
from curation.paragraphs import paragraphs


def costs(text: str) -> list[float]:
    (atoms,) = sections(text, paragraphs(text), lambda part: len(part.split()), 300)
    return joint_costs(atoms)


def cut(before: str, after: str, *, between: str = " ") -> float:
    """Return what it costs to cut between two sentences in the middle of a text."""
    filler = "Quiet mornings suit everybody who owns some patience and a garden wall to lean upon at length. "
    text = f"{filler}{before}{between}{after} {filler}"
    found = costs(text)
    assert len(found) == 4
    return found[2]


PLAIN = "Neighbours along that street would hang their washing between the chimneys every second Tuesday."
NEXT = "Bakers up the hill began their day before anybody else had thought of lighting a lamp."


def test_the_first_sentence_costs_nothing_and_a_paragraph_s_end_little() -> None:
    assert costs(PLAIN + " " + NEXT)[0] == 0.0
    assert cut(PLAIN, NEXT, between="\n\n") < cut(PLAIN, NEXT)


def test_what_leans_on_the_sentence_before_is_cut_off_at_a_price() -> None:
    for opening in ("Hence", "It was so that", "For example,", "And"):
        assert cut(PLAIN, f"{opening} bakers up the hill began their day before anybody else.") > cut(PLAIN, NEXT)


def test_question_and_answer_speech_and_reply_stay_together() -> None:
    assert cut("Would neighbours along that street hang their washing between the chimneys?", NEXT) > cut(PLAIN, NEXT)
    assert cut('"Would neighbours along that street hang their washing?" he said.', NEXT) > cut(PLAIN, NEXT) + 0.1
    spoken = cut("“Neighbours along that street would hang it,” she said.", "“Bakers began before,” said he.")
    assert spoken > cut(PLAIN, NEXT) + 0.2


def test_a_pair_of_sentences_in_the_same_words_stays_together() -> None:
    left = "Charity is the power of defending what everybody knows to be indefensible in daylight."
    right = "Hope is the power of cheerfulness where everybody knows the daylight to be indefensible."
    assert cut(left, right) > cut(left, NEXT) + 0.1


def test_what_was_counted_is_not_parted_from_its_first() -> None:
    left = "Whoever lived along that street in those hard years sang no more than two kinds of songs."
    assert cut(left, NEXT) > cut(PLAIN, NEXT) + 0.1


def test_a_list_is_never_cheap_to_cut_and_a_quotation_keeps_what_is_said_of_it() -> None:
    listed = costs("I made a list of things:\n\n- one ski\n- a tap\n- the lid\n\n" + NEXT)
    assert min(listed[2:4]) > 0.5
    quoted = costs(PLAIN + "\n\n> The jam is not moved. It is the memory of the fruit.\n\n" + NEXT)
    assert quoted[2] > cut(PLAIN, NEXT, between="\n\n") + 0.2


def test_a_short_last_sentence_is_not_left_over() -> None:
    assert costs(f"{PLAIN} {NEXT} They print it like that.\n\n{PLAIN}")[2] > cut(PLAIN, NEXT)
