"""Whatever files, platforms, tokenizers and cuts leave in a text, nothing of it is left to tell two writers apart."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.alike import alike, cuts

# What a reader could tell by without reading, but for quotation marks and brackets, which come in pairs.
GIVE_AWAYS = re.compile(
    r"[“”„«»‘’‹›—―…*_`#~|\\<>{}\[\]^\n\r\t\u00a0\u00ad\u200b\ufeff\ufffd\x00-\x1f]|  |--|\s[,.;:!?)]|\(\s"
)
SENTENCES = (
    "The simple life is lived by people {dash} others are complicated for them.",
    "He said, {open}I have never met that kind,{close} and he left.",
    "It is not that the boots would make him humble{ellipsis} only quiet.",
    "My aunt kept her good shoes in a box (and the key in a drawer).",
    "Nobody{apostrophe}s key was ever thrown away.",
    "Is there more philosophy in that than in most pamphlets?",
)
MARKS = {
    "dash": ("—", " — ", " – ", " -- ", "--", "\u2009—\u2009"),
    "quotes": (("“", "”"), ('"', '"'), ("«", "»"), ("``", "''"), ("„", "“")),
    "ellipsis": ("...", "…", ". . .", " …", "…."),
    "apostrophe": ("'", "’", "ʼ"),
    "gap": (" ", "  ", "\n", "\u00a0", "\n\n", "\r\n\r\n", " \u200b", "\n\n***\n\n", "\n\n## A part\n\n", "\n> "),
    "before": (
        "",
        "# On Keys\n\n",
        "Assistant: ",
        "On Keys\n",
        "[INST] ",
        "\ufeff",
        "### Response:\n\n",
        "…and so on. ",
    ),
    "behind": (
        "",
        "<|endoftext|>",
        " And then the",
        "\n\n***",
        "</s>",
        "\n\nA. N. Author",
        " …",
        "\n\n## Next",
        " “And",
    ),
    "around": ("", "*", "**", "_"),
}


@st.composite
def written(draw, sentences):
    """Write sentences down with some signs, wraps, headings and leftovers."""

    def pick(name):
        return draw(st.sampled_from(MARKS[name]))

    pieces = []
    for sentence in sentences:
        opening, close = pick("quotes")
        given_marks = {name: pick(name) for name in ("dash", "ellipsis", "apostrophe")}
        text = sentence.format(open=opening, close=close, **given_marks)
        words = text.split(" ")
        at = draw(st.integers(1, 3))
        mark = pick("around")
        # A word within the sentence is emphasised.
        if words[at].isalpha():
            words[at] = f"{mark}{words[at]}{mark}"
        pieces += [" ".join(words).replace(" —  ", " — "), pick("gap")]
    return pick("before") + "".join(pieces[:-1]) + pick("behind")


@st.composite
def two_hands(draw):
    """The same sentences, written down twice."""
    sentences = draw(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5))
    return draw(written(sentences)), draw(written(sentences))


def shown(text):
    """Return all that can be shown of a text."""
    made = alike(text)
    ends = cuts(made)
    return made[: ends[-1].end] if ends else ""


@settings(max_examples=300, deadline=None)
@given(two_hands())
def test_the_same_sentences_are_shown_the_same_whoever_wrote_them_down(hands):
    first, second = map(shown, hands)
    assert first == second
    assert first


@settings(max_examples=300, deadline=None)
@given(two_hands())
def test_nothing_of_a_list_of_give_aways_is_shown(hands):
    for text in map(shown, hands):
        assert GIVE_AWAYS.search(text.replace("...", "")) is None
        assert re.match(r'["(]?[A-Z]', text)
        assert re.search(r'[.!?]["\')]?\Z', text)
        assert text.count('"') % 2 == 0


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_is_made_alike_without_a_give_away(text):
    made = alike(text)
    assert re.search(r"[“”«»‘’—…*_`#~|\\<>{}\[\]^\n\t\x00-\x1f]|  |--", made) is None
    assert made == made.strip()
    for cut in cuts(made):
        assert re.search(r"[.!?][\"')]*\Z", made[: cut.end])
