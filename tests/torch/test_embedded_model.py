"""The embedded model that the program ships, and the script that makes it."""

from __future__ import annotations

import hashlib
import json

import pytest
import torch

from runners.layouts import layout_for, special_tokens
from runners.spec import ModelSpec
from runners.tasks.models.registry import EMBEDDED, load
from runners.tasks.pretrain import Plan, Pretraining, learning_rate
from runners.tasks.pretrain_corpus import RowMaker, read_corpus, train_tokenizer, unigram_loss
from runners.tasks.pretrain_losses import hide_block, masked_loss, windows
from runners.tasks.pretrain_measure import measure, word_pairs
from tests.conftest import SAMPLE_ESSAYS, shared_essays

MOST_BYTES = 25 * 2**20
SMALL = {"d_model": 32, "max_sequence_length": 1024, "mlp_hidden_size": 64, "n_heads": 2, "n_layers": 1}


@pytest.fixture(scope="module")
def embedded():
    return load(ModelSpec(), torch.device("cpu"))


@pytest.fixture(scope="module")
def record():
    return json.loads((EMBEDDED / "training.json").read_text(encoding="utf-8"))


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def test_the_embedded_model_loads_and_agrees_with_its_tokenizer(embedded):
    assert embedded.model.facts.vocab_size == 2048
    assert embedded.model.facts.context_tokens == 1024
    assert embedded.layout.name == "embedded"
    assert embedded.model.net.dtype == torch.float32
    assert (EMBEDDED / "model.safetensors").stat().st_size <= MOST_BYTES


def test_the_embedded_model_predicts_better_than_frequency_alone(embedded):
    ids = [token for source in read_corpus(SAMPLE_ESSAYS) for token in embedded.codec.encode(source.text)][:4096]
    rows = windows("sample essays", ids)
    assert masked_loss(embedded.model, rows, draws=4) < 0.95 * unigram_loss(ids, ids, 2048)


def test_its_tokenizer_counts_as_tiktoken_does(essays_folder, embedded):
    from curation.tokens import load_counter

    counter = load_counter(EMBEDDED / "tokenizer.json", name="embedded")
    assert counter.exact
    odd = ["", " ", "  two  spaces\n\n\n", "don’t — “so”", "Ἀνήρ 日本 🙂", "\t1234 5\r\n"]
    for text in [*odd, *(source.text for source in read_corpus(essays_folder))]:
        assert counter.count(text) == len(embedded.codec.encode(text)), text[:40]


def test_it_was_trained_on_none_of_the_sample_essays(record):
    known = {source["sha256"] for source in record["corpus"]}
    samples = sorted(SAMPLE_ESSAYS.rglob("*.md"))
    assert samples
    assert not [path.name for path in samples if digest(path.read_bytes()) in known]


def test_it_was_trained_on_emerson_alone(record):
    shared = shared_essays()
    if shared is None:
        pytest.skip("the public-domain essays are not here; name their folder in WORKBENCH_ESSAYS")
    recorded = {source["name"]: source["sha256"] for source in record["corpus"]}
    assert recorded == {path.name: digest(path.read_bytes()) for path in (shared / "emerson").glob("*.md")}
    chesterton = {digest(path.read_bytes()) for path in (shared / "chesterton").glob("*.md")}
    assert not chesterton & set(recorded.values())


def test_the_record_tells_the_unseen_file_and_the_whole_curve(record):
    assert [source["name"] for source in record["corpus"] if not source["trained_on"]] == ["gifts.md"]
    losses = [line["unseen_loss"] for line in record["curve"] if line["phase"] == "diffusion"]
    assert losses[-1] < losses[0]


def test_pairs_are_cut_at_sentences_and_laid_out_as_the_layout_says():
    corpus = read_corpus(SAMPLE_ESSAYS)
    tokenizer = train_tokenizer([source.text for source in corpus], 600)
    special = {name: tokenizer.token_to_id(name) for name in special_tokens(EMBEDDED / "tokenizer.json")}
    layout = layout_for("embedded", special)
    rows = RowMaker(corpus, tokenizer, layout, seed=1)
    whole = "\n\n".join(source.text for source in corpus)
    ended = 0
    for laid in [rows.pair(200) for _ in range(40)]:
        assert len(laid.input_ids) <= 200
        assert laid.input_ids[0] == layout.before[0]
        assert laid.input_ids[laid.prompt_length - 1] == layout.between[0]
        prompt = tokenizer.decode(laid.input_ids[1 : laid.prompt_length - 1])
        response = tokenizer.decode(laid.input_ids[laid.prompt_length :])
        assert prompt in whole
        assert response in whole
        if laid.input_ids[-1] == layout.eos_token_id:
            ended += 1
            assert whole[whole.index(response) + len(response) :][:1] in ("", " ", "\n")
    assert ended > 20


def test_a_block_is_hidden_as_the_sampler_finds_it():
    response = torch.zeros(2, 100, dtype=torch.bool)
    response[:, 20:90] = True
    uniform = torch.rand(2, 100, generator=torch.Generator().manual_seed(1))
    hidden, weight = hide_block(response, torch.tensor([0.5, 1.0]), uniform, torch.tensor([0.2, 0.2]))
    assert not hidden[:, :34].any()
    assert hidden[1, 34:90].all()
    assert hidden[0, 50:90].all()
    assert 0 < hidden[0, 34:50].sum() < 16
    assert not hidden[:, 90:].any()
    assert weight[0, 34] == 2 * weight[1, 34]
    assert (weight[0, 51:90] < weight[0, 50:89]).all()


def test_the_rate_warms_up_and_ends_at_a_tenth():
    assert learning_rate(1.0, 0.0, 0, 10) == pytest.approx(0.1)
    assert learning_rate(1.0, 0.0, 100, 10) == pytest.approx(1.0)
    assert learning_rate(1.0, 1.0, 100, 10) == pytest.approx(0.1)


def test_word_pairs_do_not_cross_sentences():
    assert word_pairs("The sea. It’s wide; and deep") == [("the", "sea"), ("it's", "wide"), ("and", "deep")]


def test_pretraining_leaves_a_folder_that_loads_and_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr("runners.tasks.pretrain.SHAPE", SMALL)
    corpus = read_corpus(SAMPLE_ESSAYS)
    plan = Plan(vocabulary=600, minutes=0.05, causal_share=0.4, tokens_a_step=1024, report_minutes=0.01)
    Pretraining(corpus, "salt.md", plan, tmp_path).run()
    loaded = load(ModelSpec(id=str(tmp_path)), torch.device("cpu"))
    trained = [source for source in corpus if source.name != "salt.md"]
    measured = measure(loaded, trained, corpus[:1], draws=2)
    assert measured.tokens > 0
    assert measured.ratio == pytest.approx(measured.masked_loss / measured.unigram_loss)
    phases = [line["phase"] for line in json.loads((tmp_path / "training.json").read_text())["curve"]]
    assert phases[0] == "causal"
    assert phases[-1] == "diffusion"
