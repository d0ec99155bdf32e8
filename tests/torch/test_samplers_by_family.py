"""Sampling from shifted, block-causal and causal models, against references that keep nothing and skip nothing."""

import pytest
import torch

from runners.spec import ModelSpec
from runners.tasks.models.registry import load
from runners.tasks.samplers import autoregressive, block
from runners.tasks.samplers.autoregressive import narrow, penalised
from tests.torch import small_models

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    made = {}

    def loaded(name, **options):
        if name not in made:
            folder = getattr(small_models, name)(tmp_path_factory.mktemp(f"{name}-"), **options)
            made[name] = load(ModelSpec(id=str(folder)), CPU).model
        return made[name]

    return loaded


def prompts(rows, length):
    return torch.randint(8, 250, (rows, length), generator=torch.Generator().manual_seed(5))


def generators(rows, seed=1):
    return [torch.Generator().manual_seed(seed + row) for row in range(rows)]


@torch.no_grad()
def one_by_one(model, prompt, count):
    """Fill greedily and one token a step, from the logits of the whole sequence as transformers gives them."""
    size = model.facts.block_tokens
    ids = torch.cat([prompt, torch.full((1, count), model.mask_token_id)], dim=1)
    end = ids.shape[1]
    first = prompt.shape[1] // size * size if size else prompt.shape[1]
    for start in range(first, end, size or 4):
        stop = min(start + (size or 4), end)
        while (ids[0, start:stop] == model.mask_token_id).any():
            if size:
                numbers = torch.arange(end) // size
                seen = ((numbers[:, None] < numbers[None]) * -1e9)[None, None]
                logits = model.net(input_ids=ids, attention_mask=seen.float()).logits[0]
            else:
                logits = model.net(input_ids=ids).logits[0]
            best = None
            for place in range(start, stop):
                if ids[0, place] == model.mask_token_id:
                    chances = torch.softmax(logits[place - int(model.facts.shifted)], dim=-1)
                    chances[model.mask_token_id] = 0
                    chance, token = chances.max(dim=-1)
                    if best is None or chance > best[0]:
                        best = (chance, place, token)
            ids[0, best[1]] = best[2]
        if size and set(ids[0, prompt.shape[1] : stop].tolist()) & model.facts.end_token_ids:
            return ids[0, prompt.shape[1] : stop].tolist()
    return ids[0, prompt.shape[1] :].tolist()


@pytest.mark.parametrize("name", ["llada", "dream", "qwen3_diffusion", "sdar"])
@pytest.mark.parametrize("length", [6, 8, 3])
def test_the_block_sampler_fills_as_the_whole_model_would(name, length, model):
    prompt = prompts(1, length)
    filled = block.fill(model(name), prompt, max_new_tokens=12, block_length=4, steps=12)
    assert filled.canvas[0].tolist() == one_by_one(model(name), prompt, 12)


def test_a_block_causal_canvas_ends_with_the_block_that_ends_the_text(model):
    sdar = model("sdar")
    whole = block.fill(sdar, prompts(1, 6), max_new_tokens=16, block_length=4, steps=16)
    second = whole.canvas[0, 3].item()
    facts = type(sdar.facts)(**{**vars(sdar.facts), "end_token_ids": frozenset({second})})
    ended = block.fill(
        type(sdar)(**{**vars(sdar), "facts": facts}), prompts(1, 6), max_new_tokens=16, block_length=4, steps=16
    )
    assert ended.canvas[0].tolist() == whole.canvas[0, : ended.canvas.shape[1]].tolist()
    assert second in ended.canvas[0]
    assert ended.canvas.shape[1] in (2, 6)
    assert len(ended.commits[0]) == ended.canvas.shape[1]


@pytest.mark.parametrize("length", [3, 6, 8, 13])
@pytest.mark.parametrize(
    "settings",
    [
        {"steps": 16},
        {"steps": 8, "cfg_scale": 1.5},
        {"steps": 8, "temperature": 0.8},
        {"steps": 16, "temperature": 0.8, "remasking": "random"},
    ],
)
def test_keeping_finished_blocks_changes_no_token_and_no_probability(model, length, settings):
    def filled(keep):
        return block.fill(
            model("sdar"),
            prompts(2, length),
            max_new_tokens=16,
            block_length=4,
            **settings,
            keep_blocks=keep,
            generators=generators(2),
        )

    kept, computed = filled(True), filled(False)
    assert torch.equal(kept.canvas, computed.canvas)
    for row, other in zip(kept.commits, computed.commits, strict=True):
        assert [(c.step, c.position, c.token_id) for c in row] == [(c.step, c.position, c.token_id) for c in other]
        assert [c.confidence for c in row] == pytest.approx([c.confidence for c in other], abs=1e-5)


@torch.no_grad()
def test_logits_from_kept_blocks_are_those_of_the_whole_sequence(model):
    sdar, cache = model("sdar"), None
    ids = prompts(2, 14)
    for stop in (6, 6, 8, 12, 14):
        ids[:, stop - 2 : stop] += 1  # what stands in the last block may change between two readings
        states, cache = sdar.read_block(ids[:, :stop], cache)
        whole = sdar.logits(sdar.hidden(ids[:, :stop]))[:, (stop - 1) // 4 * 4 :]
        assert torch.allclose(sdar.logits(states), whole, atol=1e-5)
        assert cache.get_seq_length() == (stop - 1) // 4 * 4


def tokens_read(model, write):
    """Return how many tokens the backbone was given in each pass."""
    read = []

    def note(module, args, kwargs):
        read.append(kwargs["input_ids"].shape[1])

    handle = model.backbone.register_forward_pre_hook(note, with_kwargs=True)
    try:
        write()
    finally:
        handle.remove()
    return read


def test_a_block_causal_model_reads_each_finished_block_once_more_and_a_causal_one_each_token_once(model):
    sdar = model("sdar")
    facts = type(sdar.facts)(**{**vars(sdar.facts), "end_token_ids": frozenset({-1})})
    endless = type(sdar)(**{**vars(sdar), "facts": facts})
    read = tokens_read(endless, lambda: block.fill(endless, prompts(1, 6), max_new_tokens=10, block_length=4, steps=12))
    assert read == [8, 4, 8, 4, 4, 4, 8, 4, 4, 4]
    llama = model("llama")
    read = tokens_read(llama, lambda: autoregressive.fill(llama, prompts(1, 6), max_new_tokens=4))
    assert read == [6, 1, 1, 1][: len(read)]
    assert len(read) > 1


@torch.no_grad()
def without_cache(model, prompt, count):
    ids = prompt
    for _ in range(count):
        token = model.net(input_ids=ids).logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, token], dim=1)
        if token.item() in model.facts.end_token_ids:
            break
    return ids[0, prompt.shape[1] :].tolist()


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_kept_keys_and_values_change_no_token(name, model):
    filled = autoregressive.fill(model(name), prompts(1, 6), max_new_tokens=20)
    assert filled.canvas[0].tolist() == without_cache(model(name), prompts(1, 6), 20)


def test_the_trace_commits_from_left_to_right_with_the_models_own_probability(model):
    gpt2, prompt = model("gpt2"), prompts(1, 6)
    filled = autoregressive.fill(
        gpt2, prompt, max_new_tokens=8, temperature=0.7, top_k=5, repetition_penalty=1.3, generators=generators(1)
    )
    commits = filled.commits[0]
    assert [(commit.step, commit.position) for commit in commits] == [(n, n) for n in range(len(commits))]
    assert [commit.token_id for commit in commits] == filled.canvas[0].tolist()
    with torch.no_grad():
        logits = gpt2.net(input_ids=torch.cat([prompt, filled.canvas], dim=1)).logits[0]
    for commit in commits:
        expected = torch.softmax(logits[5 + commit.position], dim=-1)[commit.token_id].item()
        assert commit.confidence == pytest.approx(expected, abs=1e-5)


def test_a_seed_gives_the_same_tokens_whatever_stands_beside_it_and_another_others(model):
    settings = {"max_new_tokens": 12, "temperature": 0.9, "top_p": 0.95}
    llama = model("llama")
    together = autoregressive.fill(llama, prompts(3, 6), **settings, generators=generators(3))
    for row in range(3):
        alone = autoregressive.fill(
            llama, prompts(3, 6)[row : row + 1], **settings, generators=generators(3)[row : row + 1]
        )
        found = alone.canvas[0].tolist()
        assert together.canvas[row, : len(found)].tolist() == found
        assert [commit.token_id for commit in together.commits[row]] == found
    other = autoregressive.fill(llama, prompts(1, 6), **settings, generators=generators(1, seed=9))
    assert other.canvas[0].tolist() != together.canvas[0].tolist()


def test_a_row_that_ended_is_filled_up_with_eos_and_commits_no_more(model):
    llama = model("llama")
    first = autoregressive.fill(llama, prompts(2, 6), max_new_tokens=6)
    ends = first.canvas[0, 1].item()
    assert ends not in first.canvas[1]
    facts = type(llama.facts)(**{**vars(llama.facts), "end_token_ids": frozenset({ends})})
    filled = autoregressive.fill(type(llama)(**{**vars(llama), "facts": facts}), prompts(2, 6), max_new_tokens=6)
    stop = first.canvas[0].tolist().index(ends) + 1
    assert filled.canvas[0].tolist() == first.canvas[0, :stop].tolist() + [facts.eos_token_id] * (6 - stop)
    assert [len(row) for row in filled.commits] == [stop, 6]


def test_gpt2_ends_where_its_positions_end(tmp_path):
    model = load(ModelSpec(id=str(small_models.gpt2(tmp_path, positions=10))), CPU).model
    facts = type(model.facts)(**{**vars(model.facts), "end_token_ids": frozenset()})
    model = type(model)(**{**vars(model), "facts": facts})
    assert autoregressive.fill(model, prompts(1, 6), max_new_tokens=50).canvas.shape == (1, 4)


def test_top_k_and_nucleus_keep_the_likeliest_and_no_more():
    logits = torch.log(torch.tensor([[0.5, 0.1, 0.3, 0.06, 0.04]]))

    def kept(**settings):
        found = narrow(logits, **{"temperature": 1.0, "top_p": 1.0, "top_k": 0} | settings)
        return torch.isfinite(found)[0].nonzero()[:, 0].tolist()

    assert kept() == [0, 1, 2, 3, 4]
    assert kept(top_k=2) == [0, 2]
    assert kept(top_p=0.79) == [0, 2]
    assert kept(top_p=0.81) == [0, 1, 2]
    assert kept(top_p=1e-6) == [0]
    assert kept(top_p=0.79, temperature=10.0) == [0, 1, 2, 3], "a high temperature widens the nucleus"
    assert kept(top_p=0.99, top_k=3) == [0, 1, 2]


def test_the_repetition_penalty_is_that_of_the_paper():
    found = penalised(torch.tensor([[2.0, -2.0, 2.0, -2.0]]), torch.tensor([[0, 1, 1]]), 2.0)
    assert found.tolist() == [[1.0, -4.0, 2.0, -2.0]]


def test_whatever_after_step_raises_ends_the_writing(model):
    calls = []

    def after_step():
        calls.append(1)
        if len(calls) == 3:
            raise KeyError

    with pytest.raises(KeyError):
        autoregressive.fill(model("gpt2"), prompts(1, 6), max_new_tokens=9, after_step=after_step)
    assert len(calls) == 3
