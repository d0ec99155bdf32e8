"""Canaries, datasets, runs and samples: what is frozen stays, and what a job wrote is folded once."""

import math

import pytest

from store import canaries, datasets, essays, history, pairs, runs, samples
from store.database import Database
from store.datasets import DatasetPair
from store.errors import BadLine, Conflict, NotFound
from store.essays import NewSource
from store.pairs import NewPair


@pytest.fixture
def db(tmp_path):
    return Database.open(tmp_path / "x.db")


def with_canaries(db, *slugs):
    for slug in slugs:
        canaries.add(db, slug=slug, prompt=f"Prompt {slug}", topic="known", length="short", reference="ref")
    return canaries.freeze(db, "sha256:" + "-".join(slugs))


def add_run(db, name="r1", *, set_id, key="key", dataset_id=None, task="train", parent=None):
    runs.add(
        db,
        name=name,
        task=task,
        parent=parent,
        dir=f"runs/{name}",
        place="local",
        spec_json="{}",
        model="embedded",
        sample_key=key,
        dataset_id=dataset_id,
        canary_set_id=set_id,
        adapter_run=None,
    )


@pytest.fixture
def run(db):
    add_run(db, set_id=with_canaries(db, "b", "a").id)
    return "r1"


def event(seq, kind="heartbeat", attempt=1, **fields):
    return {"attempt": attempt, "seq": seq, "at": f"2026-01-01T00:00:{seq:02}.000Z", "type": kind, **fields}


def sample(prompt="a", index=0, of="adapter", step=20, attempt=1, **fields):
    return {
        "of": of,
        "step": step,
        "prompt": prompt,
        "index": index,
        "seed": 7,
        "text": f"{prompt}{index} at {step} by {attempt}",
        "token_ids": [1, 2],
        "tokens": 2,
        "seconds": 0.5,
        "attempt": attempt,
        "trace": None,
        "at": "2026",
        **fields,
    }


def test_the_working_set_is_edited_through_the_history(db):
    first = canaries.add(db, slug="a", prompt="p", topic="known", length="short")
    second = canaries.add(db, slug="b", prompt="p", topic="novel", length="long", reference="r")
    canaries.change(db, first, prompt="q", reference="r2")
    canaries.remove(db, second)
    assert [(row.slug, row.prompt, row.topic, row.reference) for row in canaries.rows(db)] == [
        ("a", "q", "known", "r2")
    ]
    assert [history.undo(db).label for _ in range(2)] == ["remove a canary prompt", "edit a canary prompt"]
    assert [(row.id, row.slug, row.prompt) for row in canaries.rows(db)] == [(first, "a", "p"), (second, "b", "p")]


def test_a_slug_that_is_taken_is_a_conflict_and_one_that_is_gone_is_not_found(db):
    canary_id = canaries.add(db, slug="a", prompt="p", topic="known", length="short")
    with pytest.raises(Conflict, match=r"canary\.slug"):
        canaries.add(db, slug="a", prompt="p", topic="known", length="short")
    canaries.remove(db, canary_id)
    with pytest.raises(NotFound, match="canary prompt"):
        canaries.change(db, canary_id, prompt="x")


def test_a_frozen_set_stays_as_it_was_and_the_same_hash_gives_it_back(db):
    first = with_canaries(db, "b", "a")
    assert (first.version, [item.slug for item in first.prompts]) == (1, ["b", "a"])
    canaries.change(db, canaries.rows(db)[0].id, prompt="changed")
    second = canaries.freeze(db, "sha256:other")
    assert (second.version, second.prompts[0].prompt) == (2, "changed")
    assert canaries.freeze(db, first.content_hash) == first == canaries.get_set(db, first.id)
    assert canaries.sets(db) == [first, second]
    with pytest.raises(NotFound):
        canaries.get_set(db, 99)


def test_freezing_refuses_when_another_program_edited_the_prompts_meanwhile(db):
    with_canaries(db, "a")
    seen = canaries.rows(db)
    canaries.change(db, seen[0].id, prompt="theirs")
    with pytest.raises(Conflict, match="edited meanwhile"):
        canaries.freeze(db, "sha256:new", expected=seen)
    assert len(canaries.sets(db)) == 1


def frozen(number, split="train", pair_id=1):
    return DatasetPair(f"sha256:{number}", pair_id, split, "note", "a", f"p{number}\x00", f"r{number}")


def save(db, content_hash, members, **fields):
    given = {"leaks_json": "[]", "canary_set_id": None, "note": ""} | fields
    return datasets.save(db, content_hash=content_hash, pairs=members, **given)


def test_a_dataset_is_numbered_linked_to_the_one_before_and_found_by_its_hash(db):
    canary_set = with_canaries(db, "a")
    first, new = save(db, "h1", [frozen(2), frozen(1, "holdout")], leaks_json='[{"kind": "duplicate"}]', note="n")
    second, _ = save(db, "h2", [frozen(3)], canary_set_id=canary_set.id)
    assert new
    assert (first.number, first.parent_id, first.train_pairs, first.holdout_pairs) == (1, None, 1, 1)
    assert (first.leaks, first.note, first.canary_set_version) == (1, "n", None)
    assert (second.number, second.parent_id, second.canary_set_version) == (2, first.id, 1)
    assert save(db, "h1", [], note="other") == (first, False)
    assert datasets.rows(db) == [first, second]
    assert datasets.pairs(db, first.id) == [frozen(1, "holdout"), frozen(2)]
    assert datasets.pair_hashes(db, first.id) == {"sha256:1": 1, "sha256:2": 1}
    assert datasets.leaks_json(db, first.id) == '[{"kind": "duplicate"}]'


def test_a_dataset_with_a_pair_twice_is_refused_whole(db):
    with pytest.raises(Conflict):
        save(db, "h", [frozen(1), frozen(1)])
    assert datasets.rows(db) == []


def test_what_was_frozen_survives_the_undoing_of_its_pairs(db):
    essays.save(db, NewSource("a.md", "a", "essay", "A", "words", 5, 1, {}, []))
    (pair_id,) = pairs.propose(db, 1, [NewPair("note", "p", "r", 0, 1, 1, 1)], "propose")
    row, _ = save(db, "h", [frozen(1, pair_id=pair_id)])
    history.undo(db)
    assert datasets.pairs(db, row.id) == [frozen(1, pair_id=pair_id)]
    (other,) = pairs.propose(db, 1, [NewPair("note", "p", "r", 0, 1, 1, 1)], "propose")
    assert other != pair_id


@pytest.mark.parametrize("ask", [datasets.get, datasets.leaks_json])
def test_a_dataset_that_is_not_there_is_said_to_be_missing(db, ask):
    with pytest.raises(NotFound, match="no dataset 9"):
        ask(db, 9)


def test_a_run_is_listed_with_what_it_came_from(db):
    canary_set = with_canaries(db, "a")
    dataset, _ = save(db, "h", [frozen(1)])
    add_run(db, "r1", set_id=canary_set.id, dataset_id=dataset.id)
    add_run(db, "r2", set_id=canary_set.id, task="sample", parent="r1")
    runs.set_note(db, "r1", "learnt")
    first, second = runs.rows(db)
    assert (first.name, first.dataset_number, first.canary_version, first.note) == ("r1", 1, 1, "learnt")
    assert (first.status, first.last_step, first.last_loss, first.val_loss, first.samples) == (
        "submitted",
        None,
        None,
        None,
        0,
    )
    assert (second.parent, second.dataset_number) == ("r1", None)
    assert datasets.get(db, dataset.id).runs == 1
    assert runs.get(db, "r2").dir == "runs/r2"


def test_a_name_that_is_taken_and_a_run_that_is_not_there_are_refused(db, run):
    with pytest.raises(Conflict):
        add_run(db, run, set_id=1)
    for ask in (
        lambda: runs.get(db, "x"),
        lambda: runs.set_note(db, "x", ""),
        lambda: runs.set_status(db, "x", "running", None),
        lambda: runs.fold_events(db, "x", "f", [], 0),
        lambda: runs.fold_samples(db, "x", [], 0),
    ):
        with pytest.raises(NotFound, match="'x'"):
            ask()


def test_attempts_and_status_are_kept(db, run):
    runs.add_attempt(db, run, 1, "local", {"pid": 1})
    runs.add_attempt(db, run, 2, "local", {"pid": 2})
    runs.add_attempt(db, run, 2, "local", {"pid": 3})
    assert [(item.attempt, item.handle) for item in runs.attempts(db, run)] == [(1, {"pid": 1}), (2, {"pid": 3})]
    assert runs.unfinished(db) == [run]
    for status in ("finished", "stopped", "failed", "killed"):
        runs.set_status(db, run, status, "2026")
        assert (runs.unfinished(db), runs.get(db, run).finished_at) == ([], "2026")
    runs.set_status(db, run, "submitted", None)
    assert (runs.unfinished(db), runs.get(db, run).finished_at) == ([run], None)


def test_events_fill_metrics_validation_and_checkpoints(db, run):
    runs.fold_events(
        db,
        run,
        "attempts/001/events.jsonl",
        [
            event(1, "started", pid=1),
            event(2, "metric", step=10, values={"loss": 2.5, "learning_rate": 1e-3}),
            event(3, "validation", step=10, values={"val_loss": 2.25, "val_loss_low": 2}, draws=4),
            event(4, "checkpoint", step=10, path="checkpoints/step-000010"),
            event(5, "metric", step=20, values={"loss": 2}),
        ],
        321,
    )
    assert runs.metric(db, run, "loss") == [(10, 2.5), (20, 2.0)]
    assert runs.metric(db, run, "val_loss_low") == [(10, 2.0)]
    assert [(item.step, item.path) for item in runs.checkpoints(db, run)] == [(10, "checkpoints/step-000010")]
    row = runs.rows(db)[0]
    assert (row.last_step, row.last_loss, row.val_loss) == (20, 2.0, 2.25)
    assert runs.offsets(db, run) == {"attempts/001/events.jsonl": 321}
    assert runs.event_types(db, run, 1) == ("started", "metric", "validation", "checkpoint")
    assert runs.last_event_at(db, run) == "2026-01-01T00:00:05.000Z"
    assert runs.events(db, run, types=("started",))[0].data == {"pid": 1}


def test_events_are_read_on_from_where_one_stood_and_the_latest_come_oldest_first(db, run):
    runs.fold_events(db, run, "a", [event(seq, attempt=attempt) for attempt in (1, 2) for seq in (1, 2, 3)], 9)
    keys = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]

    def read(function, **where):
        return [(item.attempt, item.seq) for item in function(db, run, **where)]

    assert read(runs.events) == keys
    assert read(runs.events, after=(1, 2)) == keys[2:]
    assert read(runs.events, after=(1, 3), limit=2) == keys[3:5]
    assert read(runs.latest_events, limit=2) == keys[4:]
    assert read(runs.latest_events, types=("warning",)) == []


def test_a_resumed_attempt_is_shown_where_it_reached_and_the_older_is_kept(db, run):
    first = [event(n, "metric", step=n * 10, values={"loss": float(n)}) for n in (1, 2, 3)]
    second = [event(1, "metric", attempt=2, step=20, values={"loss": 0.5})]
    runs.fold_events(db, run, "b", second, 1)
    runs.fold_events(db, run, "a", first, 1)
    assert runs.metric(db, run, "loss") == [(10, 1.0), (20, 0.5), (30, 3.0)]
    assert (runs.rows(db)[0].last_step, runs.rows(db)[0].last_loss) == (20, 0.5)
    assert db.one("SELECT count(*) FROM metric") == (4,)


def test_a_run_that_diverged_shows_a_loss_that_is_not_a_number(db, run):
    values = {"loss": math.nan, "grad_norm": math.inf}
    runs.fold_events(db, run, "a", [event(1, "metric", step=1, values=values)], 1)
    assert math.isnan(runs.rows(db)[0].last_loss)
    assert math.isnan(runs.metric(db, run, "loss")[0][1])
    assert runs.metric(db, run, "grad_norm") == [(1, math.inf)]
    assert math.isnan(runs.events(db, run)[0].data["values"]["loss"])
    assert runs.rows(db)[0].val_loss is None


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"attempt": 1, "at": "x", "type": "metric"}, "seq None, expected a whole number"),
        (event(2**63), "seq 9223372036854775808"),
        (event(True), "seq True"),
        ({**event(2), "type": 3}, "type 3, expected a text"),
        (event(2, "metric", step=1, values={"loss": "low"}), "expected an object of numbers"),
        (event(2, "metric", step="one", values={}), "step 'one'"),
        (event(2, "checkpoint", step=1), "path None"),
    ],
)
def test_a_line_that_is_no_event_is_named_and_nothing_of_its_batch_is_folded(db, run, bad, named):
    with pytest.raises(BadLine, match=named) as caught:
        runs.fold_events(db, run, "attempts/001/events.jsonl", [event(1), bad], 50)
    assert str(caught.value).startswith("r1/attempts/001/events.jsonl: ")
    assert (runs.events(db, run), runs.offsets(db, run)) == ([], {})


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"prompt": "unknown"}, "a prompt of the run's canary set"),
        ({"of": "both"}, "base or adapter"),
        ({"token_ids": None}, "token_ids None"),
        ({"seed": 2**64}, "seed 18446744073709551616"),
        ({"seconds": math.nan}, "seconds nan"),
        ({"text": 3}, "text 3"),
    ],
)
def test_a_line_that_is_no_sample_is_named_and_nothing_of_its_batch_is_folded(db, run, fields, named):
    with pytest.raises(BadLine, match=named):
        runs.fold_samples(db, run, [sample(), sample(index=1, **fields)], 50)
    assert (samples.of_run(db, run, "adapter"), runs.offsets(db, run)) == ([], {})


def test_model_output_is_kept_exactly_and_a_lone_surrogate_replaced(db, run):
    odd = "NUL \x00 \x1b[2J [red]x[/red] \r\n “é” \U0001f426\ufffe\u2028"
    runs.fold_samples(db, run, [sample(text=odd), sample(index=1, text="a\ud800b")], 1)
    assert [item.text for item in samples.of_run(db, run, "adapter")] == [odd, "a\ufffdb"]
    runs.fold_events(db, run, "a", [event(1, "warning", message=f"{odd}\ud800", more={"\udfff": ["\udc00"]})], 1)
    assert runs.events(db, run)[0].data == {"message": f"{odd}\ufffd", "more": {"\ufffd": ["\ufffd"]}}


def test_samples_come_by_prompt_and_index_of_the_latest_step_and_attempt(db, run):
    lines = [sample(p, i, step=s) for s in (20, 40) for p in "ab" for i in (1, 0)]
    runs.fold_samples(db, run, [*lines, sample("a", 0, step=40, attempt=2), sample(of="base", step=0)], 1)
    written = samples.of_run(db, run, "adapter")
    assert [item.text for item in written] == ["b0 at 40 by 1", "b1 at 40 by 1", "a0 at 40 by 2", "a1 at 40 by 1"]
    assert [item.step for item in samples.of_run(db, run, "adapter", 20)] == [20] * 4
    assert [item.of for item in samples.of_run(db, run, "base")] == ["base"]
    assert samples.of_run(db, run, "adapter", 30) == []
    assert samples.get(db, written[0].id) == written[0]
    assert (written[0].canary_prompt, written[0].reference, written[0].trace_path) == ("Prompt b", "ref", None)
    assert runs.rows(db)[0].samples == 10
    assert samples.token_ids(db, written[0].id) == [1, 2]
    with pytest.raises(NotFound):
        samples.get(db, 999)
    with pytest.raises(NotFound):
        samples.token_ids(db, 999)


def test_base_samples_are_found_by_their_key_only_once_the_set_is_complete(db):
    canary_set = with_canaries(db, "a")
    for name, key in (("r1", "k1"), ("r2", "k2"), ("r3", "k2")):
        add_run(db, name, set_id=canary_set.id, key=key)
    runs.fold_samples(db, "r1", [sample(of="base", step=0)], 1)
    assert runs.base_run(db, "k1") is None
    runs.fold_events(db, "r1", "a", [event(1, "samples", of="adapter", step=0, count=1)], 1)
    assert runs.base_run(db, "k1") is None
    runs.fold_events(db, "r1", "a", [event(2, "samples", of="base", step=0, count=1)], 2)
    runs.fold_events(db, "r3", "a", [event(1, "samples", of="base", step=0, count=1)], 1)
    assert (runs.base_run(db, "k1"), runs.base_run(db, "k2"), runs.base_run(db, "k3")) == ("r1", "r3", None)
