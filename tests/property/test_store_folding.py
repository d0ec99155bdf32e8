"""Folding any prefix or overlap again, in any grouping and order, gives the same tables."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from store import canaries, runs
from store.database import Database

TABLES = ("event", "metric", "checkpoint", "sample", "collected")

names = st.sampled_from(["loss", "val_loss", "a\ud800", "NUL\x00"])
numbers = st.floats() | st.integers(-5, 5) | st.none()
steps = st.integers(0, 3)
bodies = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["metric", "validation"]),
            "step": steps,
            "values": st.dictionaries(names, numbers, max_size=3),
        }
    ),
    st.fixed_dictionaries({"type": st.just("checkpoint"), "step": steps, "path": st.text(max_size=5)}),
    st.fixed_dictionaries({"type": st.just("warning"), "message": st.text(st.characters(), max_size=8)}),
)


@st.composite
def event_lists(draw):
    """Draw the events of two attempts, each with its own gapless seq."""
    listed = []
    for attempt in (1, 2):
        for seq, body in enumerate(draw(st.lists(bodies, max_size=8)), start=1):
            listed.append({"attempt": attempt, "seq": seq, "at": f"{seq}", **body})
    return listed


samples = st.lists(
    st.fixed_dictionaries(
        {
            "of": st.sampled_from(["base", "adapter"]),
            "step": steps,
            "prompt": st.sampled_from(["a", "b"]),
            "index": st.integers(0, 1),
            "attempt": st.integers(1, 2),
            "text": st.text(st.characters(), max_size=5),
        }
    ),
    max_size=8,
    unique_by=lambda row: (row["of"], row["step"], row["prompt"], row["index"], row["attempt"]),
).map(
    lambda rows: [
        {**row, "seed": 1, "token_ids": [1], "tokens": 1, "seconds": 0.1, "trace": None, "at": ""} for row in rows
    ]
)


def new_store(folder):
    db = Database.open(Path(folder) / "x.db")
    for slug in ("a", "b"):
        canaries.add(db, slug=slug, prompt="p", topic="known", length="short")
    runs.add(
        db,
        name="r",
        task="train",
        parent=None,
        dir="runs/r",
        place="local",
        spec_json="{}",
        model="m",
        sample_key="k",
        dataset_id=None,
        canary_set_id=canaries.freeze(db, "sha256:x").id,
        adapter_run=None,
    )
    return db


def tables(db):
    """Return what stands in every folded table, without the keys that only tell when a row came."""
    content = {name: db.all(f"SELECT * FROM {name}") for name in TABLES}
    content["sample"] = [row[1:] for row in content["sample"]]
    return {name: sorted(rows, key=repr) for name, rows in content.items()}


@settings(max_examples=40, deadline=None)
@given(event_lists(), samples, st.data())
def test_folding_any_overlap_again_in_any_grouping_gives_the_same_tables(events, lines, data):
    with tempfile.TemporaryDirectory() as folder:
        once = new_store(folder)
        runs.fold_events(once, "r", "events", events, len(events))
        runs.fold_samples(once, "r", lines, len(lines))
        expected = tables(once)
        once.close()

    with tempfile.TemporaryDirectory() as folder:
        again = new_store(folder)
        for _ in range(data.draw(st.integers(0, 5))):
            start, end = sorted((data.draw(st.integers(0, len(events))), data.draw(st.integers(0, len(events)))))
            runs.fold_events(again, "r", "events", events[start:end], end)
            start, end = sorted((data.draw(st.integers(0, len(lines))), data.draw(st.integers(0, len(lines)))))
            runs.fold_samples(again, "r", lines[start:end], end)
        runs.fold_events(again, "r", "events", events, len(events))
        runs.fold_samples(again, "r", lines, len(lines))
        runs.fold_events(again, "r", "events", events[: len(events) // 2], len(events) // 2)
        assert tables(again) == expected
        again.close()
