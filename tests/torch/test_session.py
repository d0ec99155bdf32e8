"""A session: loaded once, asked by files, and true to what stands around a gap."""

import json
import threading
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.events import read_lines
from runners.layouts import lay_out
from runners.questions import Question, ask, lay_gap, read_answer, withdraw
from runners.rundir import RunDir
from runners.spec import AdapterSpec, ModelSpec, RunSpec, SamplingSpec, SessionSpec
from runners.tasks import session as sessions
from runners.tasks.models.registry import load
from runners.tasks.reporter import Reporter
from runners.tasks.samplers import block
from tests.torch import small_models
from tests.torch.helpers import TRAIN, carry_out, events, make_run, train_spec

CPU = torch.device("cpu")
SAMPLING = SamplingSpec(max_new_tokens=8, block_length=4, steps=8, temperature=0.7)
LANE = "The lane bends past a farm.\n\nNobody hurries, and "


class Patient(Reporter):
    """Ends the session once every question has its answer, or no longer is one."""

    def stop_requested(self):
        run_dir = self.run_dir
        waits = [number for number in run_dir.request_numbers() if not run_dir.answer_json(number).exists()]
        if not waits:
            run_dir.request_stop()
        return super().stop_requested()


def spec(model, **changes):
    values = {"model": ModelSpec(id=str(model), device="cpu"), "sampling": SAMPLING, "session": SessionSpec()}
    return RunSpec(**{"name": "t", "task": "session", **values, **changes})


def asked(path, made, *questions, adapter=None):
    """Carry a session out until all is answered; return its run directory and its answers."""
    run_dir = RunDir.create(path / "t", made, adapter=adapter)
    for question in questions:
        ask(run_dir, question)
    assert carry_out(run_dir, reporter_class=Patient) == "the stop file"
    return run_dir, [read_answer(run_dir, number + 1) for number in range(len(questions))]


def infill(**changes):
    return Question(**{"kind": "infill", "before": LANE, "after": " is mended.", "tokens": 6} | changes)


@pytest.fixture(scope="module")
def loaded(tiny):
    return load(ModelSpec(id=str(tiny)), CPU)


def test_a_session_answers_each_question_and_says_what_it_did(tmp_path, tiny):
    run_dir, answers = asked(
        tmp_path, spec(tiny), infill(samples=2), Question(kind="continue", before="A lane.\n\n", tokens=8)
    )
    assert [len(answer.samples) for answer in answers] == [2, 1]
    assert [row["phase"] for row in events(run_dir, "phase")][:3] == ["load", "self-test", "wait"]
    told = [(row["request"], row["kind"], row["samples"]) for row in events(run_dir, "answer")]
    assert told == [(1, "infill", 2), (2, "continue", 1)]
    assert [answer.error for answer in answers] == [None, None]
    first = answers[0].samples[1]
    assert (first.index, first.seed, first.tokens, len(first.token_ids)) == (1, 2, 6, 6)
    trace = json.loads((run_dir.path / first.trace).read_text())
    assert sorted(trace) == ["canvas", "commits", "prompt_tokens", "suffix_tokens"]
    assert {position: token for _, position, token, _ in trace["commits"]} == dict(enumerate(first.token_ids))


def test_the_same_seed_gives_the_same_text_and_another_one_another(tmp_path, tiny):
    _, answers = asked(tmp_path, spec(tiny), infill(seed=5), infill(seed=4, samples=2), infill(seed=5, temperature=0.0))
    texts = [[sample.text for sample in answer.samples] for answer in answers]
    assert texts[0][0] == texts[1][1] != texts[1][0]
    assert texts[2] != texts[0]


def test_an_infill_without_a_suffix_gives_the_tokens_of_the_plain_sampler(tmp_path, tiny, loaded):
    _, answers = asked(tmp_path, spec(tiny), infill(before="A lane.\n\nNobody", after="", tokens=8))
    prompt = lay_out(loaded.layout, loaded.codec.encode, "A lane.").input_ids + loaded.codec.encode("Nobody")
    plain = block.fill(
        loaded.model,
        torch.tensor([prompt]),
        max_new_tokens=8,
        block_length=4,
        steps=8,
        temperature=0.7,
        generators=[torch.Generator().manual_seed(1)],
    )
    assert list(answers[0].samples[0].token_ids) == plain.canvas[0].tolist()


def test_an_empty_suffix_changes_nothing_in_the_sampler(loaded):
    prompt = torch.tensor([[5, 6, 7]])
    fill = {"max_new_tokens": 8, "block_length": 4, "steps": 8}
    plain = block.fill(loaded.model, prompt, **fill)
    empty = block.fill(loaded.model, prompt, **fill, suffix_ids=torch.empty((1, 0), dtype=torch.long))
    assert torch.equal(plain.canvas, empty.canvas)
    assert plain.commits == empty.commits


@pytest.fixture(scope="module")
def openings(loaded):
    return loaded.codec.opening_ids(" ")


@torch.no_grad()
def by_hand(model, prompt, suffix, count, never):
    """Fill a gap greedily, a token a step in one block, from the logits of the whole sequence."""
    ids = torch.tensor([[*prompt, *[model.mask_token_id] * count, *suffix]])
    for _ in range(count):
        logits = model.net(input_ids=ids).logits[0].float()
        best = None
        for place in range(len(prompt), len(prompt) + count):
            if ids[0, place] == model.mask_token_id:
                row = logits[place - int(model.facts.shifted)].clone()
                row[never] = -torch.inf
                chance, token = torch.softmax(row, dim=-1).max(dim=-1)
                if best is None or chance > best[0]:
                    best = (chance, place, token)
        ids[0, best[1]] = best[2]
    return ids[0, len(prompt) : len(prompt) + count].tolist()


@pytest.mark.parametrize("name", ["llada", "dream", "qwen3_diffusion", "illada"])
def test_a_gap_is_filled_as_the_whole_model_would_with_both_sides_seen(name, tmp_path):
    (tmp_path / "m").mkdir()
    made = load(ModelSpec(id=str(getattr(small_models, name)(tmp_path / "m"))), CPU)
    sampling = replace(SAMPLING, block_length=6, steps=6, max_new_tokens=6, temperature=0.0)
    _, (answer, _) = asked(tmp_path, spec(tmp_path / "m", sampling=sampling), infill(before="ab"), infill(after=" z"))
    gap = lay_gap(made.layout, made.codec.encode, "ab", " is mended.")
    never = [*made.layout.special_token_ids, *made.layout.end_token_ids]
    found = by_hand(made.model, gap.before_ids, gap.after_ids, 6, never)
    assert list(answer.samples[0].token_ids) == found
    assert by_hand(made.model, gap.before_ids, [], 6, never) != found


def test_guidance_takes_both_sides_away(loaded):
    prompt, suffix = torch.tensor([[5, 6, 7]]), torch.tensor([[8, 9]])
    seen = []
    states = type(loaded.model).states

    class Watched(type(loaded.model)):
        def states(self, input_ids, attention_mask=None, position_ids=None):
            seen.append(input_ids.clone())
            return states(self, input_ids, attention_mask, position_ids)

    fill = {"max_new_tokens": 2, "block_length": 2, "steps": 2, "cfg_scale": 1.0}
    block.fill(Watched(**vars(loaded.model)), prompt, **fill, suffix_ids=suffix)
    mask = loaded.model.mask_token_id
    assert [row.tolist() for row in seen[0]] == [[5, 6, 7, mask, mask, 8, 9], [mask] * 7]


def test_no_token_that_ends_a_text_is_committed_in_front_of_a_suffix(tmp_path, tiny, loaded):
    _, answers = asked(tmp_path, spec(tiny), infill(tokens=64, temperature=3.0, samples=2))
    special = loaded.layout.special_token_ids | loaded.layout.end_token_ids
    assert not {token for sample in answers[0].samples for token in sample.token_ids} & special


WORDS = st.text(max_size=12) | st.lists(
    st.sampled_from(["lane", " farm", " ", "  ", "\n", "\n\n", "é", "—", "🙂", "<|mask|>", ".", "\t"]), max_size=6
).map("".join)


@settings(max_examples=200, deadline=None)
@given(before=WORDS, after=WORDS, gap=st.lists(st.integers(0, 2042), min_size=1, max_size=6))
def test_before_and_text_and_after_are_together_what_the_canvas_decodes_to(loaded, openings, before, after, gap):
    laid = lay_gap(loaded.layout, loaded.codec.encode, before, after)
    if laid.opening:
        gap = [openings[gap[0] % len(openings)], *gap[1:]]
    text = loaded.codec.following(laid.lead_ids, gap).removeprefix(laid.opening)
    start = before[len(before) - len(loaded.codec.following([], laid.lead_ids) + laid.opening) :]
    whole = loaded.codec.following([], [*laid.lead_ids, *gap, *laid.after_ids])
    assert whole == start + text + after


def test_a_space_before_the_gap_is_the_gap_s_first_token_and_no_second_one(tmp_path, tiny, loaded):
    _, answers = asked(tmp_path, spec(tiny), infill(samples=3, temperature=2.0))
    opening = set(loaded.codec.opening_ids(" "))
    for sample in answers[0].samples:
        assert sample.token_ids[0] in opening
        assert loaded.codec.following([], sample.token_ids) == " " + sample.text


def test_a_canvas_longer_than_the_model_was_made_for_is_answered_with_both_numbers(tmp_path, tiny):
    _, answers = asked(tmp_path, spec(tiny), infill(before="lane " * 600, tokens=8))
    (warning,) = answers[0].warnings
    assert "tokens together; the model was made for 1024. Expect worse text." in warning
    assert len(answers[0].samples) == 1


@pytest.mark.parametrize("name", ["sdar", "gpt2", "llama"])
def test_models_that_do_not_see_behind_a_gap_refuse_it_and_can_continue(name, tmp_path):
    (tmp_path / "m").mkdir()
    folder = getattr(small_models, name)(tmp_path / "m")
    sampling = SAMPLING if name == "sdar" else SamplingSpec(sampler="autoregressive", max_new_tokens=8)
    _, (refused, told) = asked(
        tmp_path,
        spec(folder, sampling=sampling),
        infill(),
        Question(kind="continue", before="One lane ", tokens=8),
    )
    assert "cannot infill from both sides. Models that see both ways can (LLaDA" in refused.error
    assert refused.samples == ()
    assert told.error is None
    assert 0 < told.samples[0].tokens <= 8


def test_a_prompt_beyond_the_last_position_is_refused_with_both_numbers(tmp_path):
    (tmp_path / "m").mkdir()
    folder = small_models.gpt2(tmp_path / "m", positions=16)
    _, (answer,) = asked(
        tmp_path,
        spec(folder, sampling=SamplingSpec(sampler="autoregressive")),
        Question(kind="continue", before="a very long lane", tokens=4),
    )
    assert "leaves no room: GPT-2 has positions for 16" in answer.error


def test_a_faulty_question_is_answered_and_the_next_one_too(tmp_path, tiny):
    run_dir = RunDir.create(tmp_path / "t", spec(tiny))
    run_dir.request_json(1).write_text('{"kind": "infill", "before": "a", "tokens": 4, "temprature": 1}')
    ask(run_dir, infill())
    carry_out(run_dir, reporter_class=Patient)
    assert "Did you mean 'temperature'" in read_answer(run_dir, 1).error
    assert read_answer(run_dir, 2).error is None


def test_a_withdrawn_question_is_left_in_the_middle_and_gets_no_answer(tmp_path, tiny, monkeypatch):
    run_dir = RunDir.create(tmp_path / "t", spec(tiny))
    ask(run_dir, infill(tokens=64))
    ask(run_dir, infill())
    fill, steps = sessions.fill_as_asked, []

    def watched(*given, after_step, **options):
        def then():
            steps.append(1)
            if len(steps) == 3:
                withdraw(run_dir, 1)
            after_step()

        return fill(*given, after_step=then, **options)

    monkeypatch.setattr(sessions, "fill_as_asked", watched)
    carry_out(run_dir, reporter_class=Patient)
    assert read_answer(run_dir, 1) is None
    assert len(read_answer(run_dir, 2).samples) == 1
    assert len(steps) == 3 + 8  # the second gap of 6 tokens has two blocks of 4, the last one cut off


def test_a_session_that_nobody_asks_ends_and_says_so(tmp_path, tiny):
    run_dir = RunDir.create(tmp_path / "t", spec(tiny, session=SessionSpec(idle_minutes=0.001)))
    assert carry_out(run_dir) == "nothing was asked for 0.001 minutes"


def test_a_newer_attempt_takes_the_questions_over(tmp_path, tiny):
    run_dir = RunDir.create(tmp_path / "t", spec(tiny))
    ask(run_dir, infill())
    first = Reporter(run_dir, run_dir.new_attempt())
    second = run_dir.new_attempt()
    sessions.serve(run_dir, run_dir.spec(), load(ModelSpec(id=str(tiny)), CPU), first)
    assert first.stop_reason == "a newer attempt, number 2, was started"
    assert read_answer(run_dir, 1) is None
    sessions.serve(
        run_dir, run_dir.spec(), load(ModelSpec(id=str(tiny)), CPU), Patient(run_dir, second), look_s=0.001
    )  # fmt: skip
    assert read_answer(run_dir, 1).attempt == 2


def test_a_question_asked_while_the_session_waits_is_answered(tmp_path, tiny, loaded):
    run_dir = RunDir.create(tmp_path / "t", spec(tiny))
    reporter = Reporter(run_dir, run_dir.new_attempt())
    waiting = threading.Event()
    job = threading.Thread(target=sessions.serve, args=(run_dir, run_dir.spec(), loaded, reporter))
    phase = reporter.phase
    reporter.phase = lambda name, total=None: (phase(name, total), waiting.set())
    job.start()
    assert waiting.wait(30)
    ask(run_dir, infill())
    while read_answer(run_dir, 1) is None:
        assert job.is_alive()
    run_dir.request_stop()
    job.join(30)
    assert reporter.stop_reason == "the stop file"


def test_an_adapter_changes_what_a_session_writes(tmp_path, tiny):
    trained = make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, learning_rate=0.1)))
    carry_out(trained)
    adapter = trained.weights(trained.checkpoint(6))
    texts = []
    for name, own in (("base", None), ("adapter", adapter)):
        (tmp_path / name).mkdir()
        made = spec(tiny, adapter=own and AdapterSpec(run="run", checkpoint="checkpoints/step-000006"))
        _, answers = asked(tmp_path / name, made, infill(temperature=0.0), adapter=own)
        texts.append(answers[0].samples[0].text)
    assert texts[0] != texts[1]


def test_a_session_writes_no_samples(tmp_path, tiny):
    run_dir, _ = asked(tmp_path, spec(tiny), infill())
    assert read_lines(run_dir.samples, 0)[0] == []
