"""However an essay is changed, its pairs follow: moved ones as they are, touched ones marked, none lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.align import align
from curation.following import Comparison, Tied, follow
from curation.pairs import propose
from curation.paragraphs import paragraphs
from curation.reading import read_words

WORDS = tuple("stone river hat quite never the a moral tram of and gravel boots aunt key box pear lamp mild".split())
sentence = st.lists(st.sampled_from(WORDS), min_size=4, max_size=14).map(
    lambda words: " ".join(words).capitalize() + "."
)
paragraph = st.lists(sentence, min_size=1, max_size=5).map(" ".join)
essay = st.lists(paragraph, min_size=2, max_size=8, unique=True)
any_text = st.text(st.sampled_from("ab .\n\r>#*-[](){}`!\u00a0“”é"), max_size=120)


def pairs_of(text: str) -> list[Tied]:
    """Return what is proposed for a text, the least budget for the most pairs."""
    found = propose(
        text, paragraphs(text), count_tokens=lambda part: len(part.split()), response_tokens=12, context_tokens=12
    )
    return [
        Tied(id=number, prompt=item.prompt, response=item.response, start=item.start, end=item.end, position=item.start)
        for number, item in enumerate(found)
    ]


def one_each(parts: list[str]) -> tuple[str, list[Tied]]:
    """Return a text and one pair for each of its paragraphs, without a prompt."""
    text, pairs, at = "\n\n".join(parts), [], 0
    for number, part in enumerate(parts):
        pairs.append(Tied(id=number, prompt="", response=part, start=at, end=at + len(part), position=at))
        at += len(part) + 2
    return text, pairs


@given(any_text, any_text)
def test_no_word_is_given_twice_and_each_went_to_an_equal_one(before, after):
    old, new = read_words(before), read_words(after)
    went = align(old, new)
    there = [place for place in went if place >= 0]
    assert len(set(there)) == len(there)
    assert all(old.words[index] == new.words[place] for index, place in enumerate(went) if place >= 0)


@given(any_text)
def test_a_text_that_is_the_same_leaves_every_word_where_it_is(text):
    reading = read_words(text)
    assert align(reading, reading) == list(range(len(reading.words)))


@given(essay)
def test_a_text_that_is_the_same_changes_no_pair(parts):
    text = "\n\n".join(parts)
    for pair, now in zip(pairs_of(text), follow(text, text, pairs_of(text))):
        assert not now.changed
        assert (now.start, now.end, now.position) == (pair.start, pair.end, pair.position)


@given(essay, st.randoms(use_true_random=False))
def test_moved_paragraphs_keep_their_pairs(parts, choose):
    before, pairs = one_each(parts)
    shuffled = parts[:]
    choose.shuffle(shuffled)
    after = "\n\n".join(shuffled)
    for pair, now in zip(pairs, follow(before, after, pairs)):
        assert not now.changed
        assert after[now.start : now.end] == pair.response


@given(essay, st.data())
def test_text_before_between_and_behind_moves_pairs_and_changes_none(parts, data):
    before, pairs = one_each(parts)
    longer = parts[:]
    for _ in range(data.draw(st.integers(1, 3))):
        longer.insert(data.draw(st.integers(0, len(longer))), data.draw(paragraph))
    after = "---\ntitle: Later\n---\n\n" + "\n\n".join(longer)
    for pair, now in zip(pairs, follow(before, after, pairs)):
        assert not now.changed
        assert after[now.start : now.end] == pair.response


@given(essay, st.data())
def test_an_edit_in_one_paragraph_marks_only_the_pairs_that_touch_it(parts, data):
    before, pairs = one_each(parts)
    edited = data.draw(st.integers(0, len(parts) - 1))
    words = parts[edited].split()
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = "Zebra" + words[place][-1] if words[place].endswith(".") else "zebra"
    changed = [*parts[:edited], " ".join(words), *parts[edited + 1 :]]
    after = "\n\n".join(changed)
    for pair, now in zip(pairs, follow(before, after, pairs)):
        assert now.changed == (pair.id == edited)
        assert after[now.start : now.end] == changed[pair.id]
        assert now.after[1] == changed[pair.id]
        assert now.before[1] == parts[pair.id]


@given(essay, st.data())
def test_an_edit_marks_no_proposal_that_says_nothing_of_it(parts, data):
    before = "\n\n".join(parts)
    pairs = pairs_of(before)
    edited = data.draw(st.integers(0, len(parts) - 1))
    after = "\n\n".join([*parts[:edited], "Zebra " + parts[edited], *parts[edited + 1 :]])
    first = len("\n\n".join(parts[:edited]))
    last = first + 2 + len(parts[edited])
    for pair, now in zip(pairs, follow(before, after, pairs)):
        if now.changed:
            assert pair.end > first
            assert pair.start - len(pair.prompt) < last


@given(essay, essay)
@settings(max_examples=60)
def test_nothing_is_lost_whatever_the_new_text_is(parts, others):
    before, after = "\n\n".join(parts), "\n\n".join(others)
    pairs = pairs_of(before)
    found = follow(before, after, pairs)
    assert [now.id for now in found] == [pair.id for pair in pairs]
    for pair, now in zip(pairs, found):
        assert 0 <= now.start <= now.end <= len(after)
        assert now.before[1].split() == pair.response.split()
        assert now.gone == (not now.after[1])


@given(any_text, any_text, st.integers(0, 120), st.integers(0, 120))
def test_any_span_of_any_text_is_followed_somewhere(before, after, start, length):
    start = min(start, len(before))
    end = min(start + length, len(before))
    pair = Tied(id=1, prompt="a", response=before[start:end], start=start, end=end, position=start)
    now = follow(before, after, [pair])[0]
    assert 0 <= now.start <= now.end <= len(after)
    assert not follow(before, before, [pair])[0].changed


@given(essay, st.lists(paragraph, min_size=1, max_size=3))
def test_paragraphs_that_came_are_fresh_and_those_that_stood_are_not(parts, others):
    news = [other for other in others if not set(other.rstrip(".").lower().split()) - set(WORDS)]
    came = ["Zeppelins " + " ".join(word[::-1] for word in other.split()) + " overhead." for other in news]
    comparison = Comparison("\n\n".join(parts), "\n\n".join([*parts, *came]))
    fresh = comparison.fresh()
    assert all(ordinal >= len(parts) for ordinal in fresh)
