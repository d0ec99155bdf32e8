"""What a session is asked and what it answers, as files that two programs share."""

import json
import threading

import pytest

from runners.errors import RunDirError, SpecError
from runners.families.registry import families
from runners.layouts import Layout
from runners.questions import (
    Answer,
    Question,
    Written,
    ask,
    cannot,
    lay_gap,
    read_answer,
    read_question,
    withdraw,
    write_answer,
)
from runners.rundir import RunDir
from runners.spec import RunSpec, SamplingSpec, SessionSpec

BLOCK = SamplingSpec(max_new_tokens=96, block_length=16, steps=96)
LAYOUT = Layout(
    name="embedded", before=(900,), between=(901,), eos_token_id=902, mask_token_id=903, pad_token_id=904
)  # fmt: skip


@pytest.fixture
def session(tmp_path):
    return RunDir.create(tmp_path / "t", RunSpec(name="t", task="session", session=SessionSpec()))


def letters(text):
    return [ord(letter) for letter in text]


def question(**changes):
    return Question(**{"kind": "infill", "before": "a", "after": "b", "tokens": 8} | changes)


def test_a_question_reads_back_as_it_was_asked_and_holds_only_what_was_said(session):
    asked = question(before="one\u2028two", samples=3, temperature=0.5)
    number = ask(session, asked)
    assert number == 1
    assert read_question(session, 1) == asked
    written = json.loads(session.request_json(1).read_text())
    assert set(written) == {"kind", "before", "after", "tokens", "samples", "seed", "temperature"}


def test_questions_are_numbered_from_one_and_a_withdrawn_number_with_an_answer_is_not_given_again(session):
    assert [ask(session, question()) for _ in range(3)] == [1, 2, 3]
    withdraw(session, 3)
    assert read_question(session, 3) is None
    write_answer(session, Answer(request=3, attempt=1, seconds=0.1, at="now"))
    assert ask(session, question()) == 4
    assert session.request_numbers() == [1, 2, 4]


def test_the_questions_that_have_their_answer_are_told_from_those_that_wait(session):
    for _ in range(3):
        ask(session, question())
    write_answer(session, Answer(request=2, attempt=1, seconds=0.1, at="now"))
    # Of a question that was withdrawn.
    write_answer(session, Answer(request=9, attempt=1, seconds=0.1, at="now"))
    assert session.request_numbers(answered=True) == [2]
    assert session.request_numbers(answered=False) == [1, 3]


def test_programs_that_ask_at_once_never_get_the_same_number(session):
    found = []
    askers = [threading.Thread(target=lambda: found.append(ask(session, question()))) for _ in range(16)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert sorted(found) == list(range(1, 17))
    assert sorted(path.name for path in session.requests.iterdir()) == [f"{n:06d}.json" for n in range(1, 17)]


def test_a_run_that_is_no_session_cannot_be_asked(tmp_path):
    run_dir = RunDir.create(tmp_path / "s", RunSpec(name="s", task="sample"), prompts_jsonl=b"")
    with pytest.raises(RunDirError, match="no requests/ here"):
        ask(run_dir, question())


def test_an_answer_reads_back_and_there_is_none_before(session):
    assert read_answer(session, 1) is None
    text = Written(index=0, seed=1, text="words", token_ids=(1, 2), tokens=2, seconds=0.5, trace="traces/x.json")
    answer = Answer(request=1, attempt=2, samples=(text,), seconds=0.6, warnings=("long",), at="now")
    write_answer(session, answer)
    assert read_answer(session, 1) == answer


def test_a_broken_answer_is_named_with_its_file(session):
    session.answer_json(1).write_text('{"request": 1')
    with pytest.raises(RunDirError, match=r"000001\.answer\.json: no answer of a session"):
        read_answer(session, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "found list, expected an object"),
        ('{"kind": "infill", "before": "", "tokens": 1, "temprature": 1}', "Did you mean 'temperature'"),
        ('{"kind": "infil", "before": "", "tokens": 1}', "kind: found 'infil', expected one of infill, continue"),
        ('{"kind": "infill", "tokens": 1}', "before: missing"),
        ('{"kind": "infill", "before": "", "tokens": 0}', "tokens: found 0, expected 1 or more"),
        ('{"kind": "continue", "before": "a", "after": "b", "tokens": 1}', "after: only for the kind infill"),
    ],
)
def test_a_faulty_question_says_what_is_wrong(session, text, message):
    session.request_json(1).write_text(text)
    with pytest.raises(SpecError, match=message):
        read_question(session, 1)


def test_a_question_is_sampled_as_the_session_samples_but_for_what_it_says_itself():
    found = question(tokens=20, samples=2, seed=7, temperature=0.2).sampling(BLOCK)
    assert (found.max_new_tokens, found.samples_per_prompt, found.seed, found.temperature) == (20, 2, 7, 0.2)
    # Two blocks, the second of which is cut off: one step for each token of two whole ones.
    assert (found.block_length, found.steps) == (16, 32)


def test_what_the_sampler_does_not_know_or_allow_is_refused():
    with pytest.raises(SpecError, match=r"sampling.top_k: found 5, and the sampler block does not know it"):
        question(top_k=5).sampling(BLOCK)
    with pytest.raises(SpecError, match="not a multiple of the 2 blocks"):
        question(tokens=20, steps=5).sampling(BLOCK)
    with pytest.raises(SpecError, match="block_length: found 0"):
        question(block_length=0).sampling(BLOCK)
    with pytest.raises(SpecError, match="temperature: found -1"):
        question(temperature=-1.0).sampling(SamplingSpec(sampler="autoregressive"))


def test_what_follows_the_last_blank_line_begins_the_response_and_a_space_belongs_to_the_gap():
    laid = lay_gap(LAYOUT, letters, "One.\n\nTwo.\n \nThe lane ", " end.")
    assert laid.before_ids == [900, *letters("One.\n\nTwo."), 901, *letters("The lane")]
    assert (laid.lead_ids, laid.after_ids, laid.opening) == (letters("The lane"), letters(" end."), " ")


@pytest.mark.parametrize(
    ("before", "lead"), [("a  ", "a  "), ("a\n ", "a\n "), (" ", " "), ("", ""), ("a\n\n", ""), ("a\n", "a\n")]
)
def test_no_other_white_space_is_taken_into_the_gap(before, lead):
    laid = lay_gap(LAYOUT, letters, before, "")
    assert (laid.lead_ids, laid.opening) == (letters(lead), "")


def test_only_families_that_see_both_ways_infill_and_all_can_continue():
    can = {family.name for family in families() if cannot("infill", family) is None}
    assert can == {"llada", "illada", "dream", "qwen3-diffusion"}
    assert all(cannot("continue", family) is None for family in families())


def test_a_refusal_names_every_family_that_can():
    titles = [family.title for family in families() if cannot("infill", family) is None]
    (words,) = {
        said.partition(" ")[2] for family in families() if family.name == "gpt2" and (said := cannot("infill", family))
    }
    assert all(title in words for title in titles), (titles, words)
