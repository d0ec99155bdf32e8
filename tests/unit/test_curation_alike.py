"""What a text keeps when it is made alike, and where it can be cut."""

import pytest

from curation.alike import alike, cuts


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("“Well,” he said—‘so be it.’", '"Well," he said – "so be it."'),
        ("It’s the boys’ turn -- again … and again.", "It's the boys' turn – again... and again."),
        ("He came. . . and left.", "He came... and left."),
        ("# On Sandals\n\nThe simple life.", "The simple life."),
        ("On Sandals\nThe simple life is lived.", "The simple life is lived."),
        ("On Sandals\n\nThe simple life is lived.", "The simple life is lived."),
        ("A *plain* and **bold** word, `code` and [a link](https://a.b/c).", "A plain and bold word, code and a link."),
        (
            "> A quotation stands.\n\n- An item stands.\n- Another one.",
            "A quotation stands. An item stands. Another one.",
        ),
        ("A note.[^1] Then more.\n\n***\n\nIt cleared up then.", "A note. Then more. It cleared up then."),
        (
            "Hard\nwrapped  lines\u00a0are joined.\r\n\r\nSo are paragraphs.",
            "Hard wrapped lines are joined. So are paragraphs.",
        ),
        ("An end.<|endoftext|>", "An end."),
        ("[MASK] A hole <mask> in it.</s>", "A hole in it."),
        ("Assistant: A turn.\n\n### Response:\n\nAnother.", "A turn. Another."),
        ("and so it went. Then came the rain.", "Then came the rain."),
        (", which was odd. Then came the rain.", "Then came the rain."),
        ("nothing of this is a beginning", ""),
        ("", ""),
        ("From 1914–18, or 1914 – 18, it rained.", "From 1914-18, or 1914-18, it rained."),
        ("Of\u00adfice \ufb01les\u200b, and a \u202eturn\u202c.", "Office files, and a turn."),
        ("One end.Another begins.", "One end. Another begins."),
        ("Said he , “ no ” .", 'Said he, " no ".'),
    ],
)
def test_of_a_text_only_its_sentences_are_left(given, left):
    assert alike(given) == left


def test_what_is_written_in_other_signs_reads_the_same():
    typed = 'He said -- "it\'s late" -- and left...  Then it rained.'
    typeset = "He said—“it’s late”—and left…\n\nThen it rained."
    assert alike(typed) == alike(typeset)


def test_an_echo_of_the_prompt_goes():
    prompt = "There are two kinds of puncture. The other kind takes a week."
    assert alike(f"{prompt} I have had it in the sink.", prompt) == "I have had it in the sink."
    assert alike("The other kind takes a week. I have it.", prompt) == "I have it."
    # Three words in common are a turn of phrase.
    assert alike("Takes a week. I have it.", prompt) == "Takes a week. I have it."


def test_a_text_can_be_cut_behind_whole_sentences_only():
    text = alike("“One two. Three four,” he said (and so. on). Five six... Seven eight")
    heads = [text[: cut.end] for cut in cuts(text)]
    assert heads == ['"One two. Three four," he said (and so. on).']
    assert [cut.words for cut in cuts(text)] == [9]


def test_a_text_without_an_end_cannot_be_cut():
    assert cuts("The tyre was flat, and the tyre was flat, and the tyre") == []
    assert cuts("") == []
