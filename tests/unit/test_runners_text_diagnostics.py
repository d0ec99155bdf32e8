import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners import text_diagnostics
from runners.text_diagnostics import (
    Collapse,
    RepeatedSpan,
    collapse,
    compression_ratio,
    distinct_n,
    duplicate_line_share,
    longest_repeated_span,
    longest_run,
    poor_stretch,
    seq_rep_n,
    words_before_collapse,
)

ALL = (
    seq_rep_n,
    distinct_n,
    longest_run,
    longest_repeated_span,
    duplicate_line_share,
    compression_ratio,
    words_before_collapse,
)
DICKENS = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it "
    "was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of "
    "Darkness"
)
SAMPLE_ESSAYS = Path(__file__).parents[2] / "workbench" / "demo" / "essays"
SHARED_ESSAYS = Path(__file__).parents[3] / "shared" / "essays"


def texts_in(folder):
    return sorted(path for path in folder.rglob("*.md") if path.stat().st_size > 0) if folder.is_dir() else []


def test_seq_rep_n_is_one_minus_unique_over_all_ngrams():
    assert seq_rep_n("a b c a b c", n=2) == pytest.approx(1 - 3 / 5)
    assert seq_rep_n("a b c d", n=2) == 0


def test_distinct_n_of_a_long_text_is_the_mean_over_windows_and_so_does_not_fall_with_length():
    cycle = "one two three four five six seven eight nine ten "
    assert distinct_n(cycle * 5, n=1, window=10) == 1
    assert distinct_n(cycle * 500, n=1, window=10) == 1
    assert distinct_n("a b a a", n=1, window=2) == pytest.approx((2 + 2 + 1) / 6)


def test_the_longest_run_counts_words_and_marks_alike():
    assert longest_run("so The the THE end") == 3
    assert longest_run("well , , , , yes") == 4
    assert longest_run("wait...... what") == 1


def test_the_longest_repeated_span_is_found_with_its_place():
    text = "He said that the sea was grey. I know that the sea was cold."
    span = longest_repeated_span(text)
    assert span.tokens == 4
    assert text[span.start : span.end] == "that the sea was"


def test_a_span_may_not_overlap_itself():
    assert longest_repeated_span("the " * 9).tokens == 4


@given(st.lists(st.sampled_from("abc"), max_size=16))
def test_the_longest_repeated_span_is_what_trying_all_spans_gives(words):
    expected = RepeatedSpan(0, 0, 0)
    for length in range(len(words) // 2, 0, -1):
        starts = [
            left
            for left in range(len(words))
            for right in range(left + length, len(words) - length + 1)
            if words[left : left + length] == words[right : right + length]
        ]
        if starts:
            expected = RepeatedSpan(length, 2 * starts[0], 2 * (starts[0] + length) - 1)
            break
    assert longest_repeated_span(" ".join(words)) == expected


def test_lines_that_stood_before_are_duplicates_whatever_their_case_and_blank_lines_do_not_count():
    assert duplicate_line_share("One.\n\n one.\n\nTwo.\nThree.") == pytest.approx(1 / 4)


def test_repetition_compresses_better():
    assert compression_ratio("the same again. " * 20) > 5 > compression_ratio(DICKENS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one two three four five " + "the " * 30, 5),
        ("We begin well, and then " + "of the world " * 8, 5),
        ("The sea, " + ", " * 25, 2),
        ("A good start and no more" + " no" * 6, 6),
        ("the " * 6, 0),
        (DICKENS + ". " + "man is " * 15, 48),
    ],
)
def test_words_before_collapse_counts_up_to_where_repetition_begins(text, words):
    assert words_before_collapse(text) == words


@pytest.mark.parametrize(
    "text",
    [
        DICKENS,
        "Tomorrow, and tomorrow, and tomorrow, creeps in this petty pace from day to day, to the last syllable",
        "No, no, no, no, no.",
        "A break:\n\n* * * * *\n\nand on.",
        "Wait.......... for it -------------------- now",
        "",
    ],
)
def test_a_figure_of_speech_is_no_collapse(text):
    assert words_before_collapse(text) is None


def test_a_collapse_has_the_place_of_its_first_token_and_of_the_stretch_it_is_found_in():
    text = "He went out, and the tyre, and the tyre, and" + " the tyre, and" * 6 + " so on. He laughed at it all."
    found = collapse(text)
    assert found is not None
    assert text[found.start :].startswith(", and the tyre, and")
    assert text[: found.end].endswith("the tyre, and")
    assert found.words == 3
    run = collapse("so it goes no no no no no no")
    assert run == Collapse(words=3, start=11, end=28)
    assert collapse("so it goes") is None


@pytest.mark.parametrize("words", [6, 7, 20, 49])
def test_a_loop_of_many_words_is_a_collapse_once_it_stands_three_times(words):
    loop = " ".join(f"w{number}" for number in range(words))
    before, behind = "So he went out and found that", "and laughed."
    assert collapse(f"{before} {loop} {loop} {behind}") is None
    times = max(3, -(-20 // words))
    found = collapse(" ".join([before, *[loop] * times, behind]))
    assert found is not None
    assert (found.words, found.start) == (7, len(before) + 1)
    assert found.end == len(before) + times * (len(loop) + 1)


def test_lines_that_only_begin_alike_are_no_loop():
    assert collapse(" ".join(f"It was the age of thing {number}, it was over." for number in range(9))) is None


def test_a_poor_stretch_of_any_items_ends_with_its_last_poor_window():
    rich = list(range(100, 130))
    assert poor_stretch([*rich, *([1, 2] * 15), *rich]) == (30, 63)
    assert poor_stretch([1] * 19) is None
    assert poor_stretch(rich) is None
    assert poor_stretch([1] * 20) == (0, 20)


def test_no_sample_essay_collapses():
    essays = texts_in(SAMPLE_ESSAYS)
    assert essays
    assert [path.name for path in essays if words_before_collapse(path.read_text(encoding="utf-8")) is not None] == []


def test_no_essay_of_a_real_writer_collapses():
    essays = texts_in(SHARED_ESSAYS)
    if not essays:
        pytest.skip("the shared essays are not beside this checkout")
    assert [path.name for path in essays if words_before_collapse(path.read_text(encoding="utf-8")) is not None] == []


@pytest.mark.parametrize("measure", ALL)
@given(text=st.text(max_size=60))
def test_any_text_can_be_measured(measure, text):
    measure(text)


def lines_run(measure, text):
    """Count the lines of the module that run, each as often as it does."""
    run = 0

    def trace(frame, event, arg):
        nonlocal run
        if frame.f_code.co_filename != text_diagnostics.__file__:
            return None
        run += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        measure(text)
    finally:
        sys.settrace(before)
    return run


@pytest.mark.parametrize("measure", ALL)
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda words: "the " * words, id="one-word"),
        pytest.param(lambda words: " ".join(f"w{n % (words // 2 + 11)}" for n in range(words)), id="twice-the-same"),
    ],
)
def test_the_work_grows_with_the_length_of_a_text_and_not_with_its_square(measure, make):
    # Sixteen times the work at four times the length would be the square; a logarithm more is five and a half.
    assert lines_run(measure, make(4_000)) <= 7 * lines_run(measure, make(1_000))
