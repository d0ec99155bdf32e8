"""What becomes of pairs when their essay changes: the cases that the properties do not name."""

from curation.following import Comparison, Tied, follow, same_piece, shingles

OPENING = "The tram was late. It had been late since the war, and nobody minded."
STORY = "I minded. I had a hat to deliver, and the hat minded more than I did. We walked, the hat and I."
END = "The tram passed us at the bridge. The driver waved at the hat."


def pair(text, prompt, response):
    start = text.index(response)
    return Tied(id=1, prompt=prompt, response=response, start=start, end=start + len(response), position=start)


def test_wrapping_links_and_images_are_no_change():
    before = f"{OPENING}\n\n{STORY}\n\n{END}"
    wrapped = STORY.replace(". I had", ".\nI had").replace("hat to", "[hat](https://example.org/hat) to")
    after = f"{OPENING}\n\n![the hat](hat.jpg)\n\n{wrapped}\n\n{END}"
    (now,) = follow(before, after, [pair(before, OPENING + "\n\n", STORY)])
    assert not now.changed
    assert after[now.start : now.end] == wrapped


def test_a_changed_prompt_marks_the_pair_and_one_of_the_authors_own_does_not():
    before = f"{OPENING}\n\n{STORY}"
    after = f"{OPENING.replace('late', 'early')}\n\n{STORY}"
    (tied,) = follow(before, after, [pair(before, OPENING + "\n\n", STORY)])
    (own,) = follow(before, after, [pair(before, "Deliver a hat.", STORY)])
    assert tied.changed
    assert tied.before == (OPENING + "\n\n", STORY)
    assert tied.after == (OPENING.replace("late", "early") + "\n\n", STORY)
    assert not own.changed
    assert own.before == own.after == ("Deliver a hat.", STORY)


def test_what_is_put_between_two_pairs_belongs_to_neither():
    before = f"{STORY}\n\n{END}"
    after = f"{STORY}\n\nIt rained.\n\n{END}"
    for one in (pair(before, "p", STORY), pair(before, "p", END)):
        assert not follow(before, after, [one])[0].changed


def test_what_is_put_inside_a_pair_becomes_a_part_of_it():
    before = f"{STORY}\n\n{END}"
    after = f"{STORY}\n\nIt rained.\n\n{END}"
    (now,) = follow(before, after, [pair(before, "p", before)])
    assert now.changed
    assert now.after[1] == after


def test_a_paragraph_parted_in_two_is_a_change_of_its_pair():
    after = STORY.replace(" We walked", "\n\nWe walked")
    (now,) = follow(STORY, after, [pair(STORY, "p", STORY)])
    assert now.changed
    assert now.after[1] == after


def test_a_pair_whose_halves_went_apart_keeps_the_longer_one():
    before = f"{STORY}\n\n{END}"
    other = "Another thought came in between, which had nothing to do with trams or with any hats whatever."
    after = f"{END}\n\n{other}\n\n{STORY}"
    (now,) = follow(before, after, [pair(before, "p", before)])
    assert now.changed
    assert now.after[1] == STORY


def test_a_passage_written_anew_is_what_stands_in_its_place():
    anew = "Nothing here is as before; every single word became another one, down to these."
    before, after = f"{OPENING}\n\n{STORY}\n\n{END}", f"{OPENING}\n\n{anew}\n\n{END}"
    (now,) = follow(before, after, [pair(before, "p", STORY)])
    assert (now.changed, now.gone, now.after[1]) == (True, False, anew)


def test_a_quotation_keeps_its_marks():
    before = f"{OPENING}\n\n> {STORY}\n\n{END}"
    (now,) = follow(before, f"It began so.\n\n{before}", [pair(before, "p", f"> {STORY}")])
    assert not now.changed
    assert now.after[1] == f"> {STORY}"


def test_a_pair_that_was_there_before_its_essay_finds_its_place_and_others_keep_their_order():
    early = Tied(id=1, prompt="p", response=STORY, start=0, end=0, position=1.0)
    other = Tied(id=2, prompt="p", response="Not in the essay at all.", start=0, end=0, position=2.0)
    text = f"{OPENING}\n\n{STORY}"
    found, unfound = follow("", text, [early, other])
    assert not found.changed
    assert text[found.start : found.end] == STORY
    assert (unfound.changed, unfound.start, unfound.end, unfound.position) == (False, 0, 0, 2.0)


def test_new_paragraphs_are_told_from_those_that_were_changed():
    comparison = Comparison(f"{OPENING}\n\n{STORY}", f"{OPENING}\n\n{STORY} It rained.\n\n{END}")
    assert comparison.fresh() == [2]


def test_a_long_text_written_anew_is_compared_in_bounded_time_and_keeps_what_stands_once():
    many = " ".join(f"word{number % 700} and the" for number in range(1500))
    before = f"{many} First one two three last, {many}"
    after = f"Something else {before}".replace(" and ", " or ").replace("word1", "verb1")
    (now,) = follow(before, after, [pair(before, "p", "First one two three last,")])
    assert not now.changed


def test_a_piece_is_known_again_after_a_few_changes_and_another_is_not():
    text = f"{OPENING} {STORY} {END}"
    assert same_piece(shingles(text), shingles(text.replace("late", "early")))
    assert not same_piece(shingles(text), shingles(OPENING))
    assert not same_piece(shingles(text), shingles("A wholly different thing was said here, at some length."))
