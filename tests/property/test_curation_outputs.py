"""No outputs and no log, however odd, crash their reader, and no sample of a JSON file is lost."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.earlier import earlier_runs, identity
from curation.outputs import read_outputs
from curation.trainlog import read_log

PIECES = st.sampled_from(
    [
        "# llada_finetuned", "## Canary A — x", "## Canary B", "## Canary", "**Prompt:** P", "**Samples:** 2",
        "**Samples:** many", "### Sample 1", "### Sample 2", "### Sample 99999999999999999999", "### Sample", "---",
        "\n", "\r\n", "\r", "\u2028", "中文", "\u200b", "## Run 1 — 2026-02-01", "## Run", "**Config:** r 16",
        "**GPU:** L4", "**Loss:**", "epoch | train | val", "| epoch | train |", "|---|---|", "1 | 2.0 | 3.0",
        "| 99999999999 | 1 |", "1 | nan | inf", "| ² | 1 | 1 |", "|", '{"A": ["x"]}', '{"A": [', "\0", " ",
        '{"a": 1, "A": ["x", null]}',
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=20).map("\n".join) | st.text(max_size=200)
LISTS = st.dictionaries(st.sampled_from("ABCDE"), st.lists(st.text(max_size=30), min_size=1, max_size=5), min_size=1)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_no_text_crashes_a_reader_and_what_gives_nothing_is_named(text: str) -> None:
    outputs, problems = read_outputs(text, "x", stem="llada_finetuned", folders=("a",))
    assert outputs is not None or problems
    logged, problems = read_log(text, "log")
    assert logged or problems
    runs = earlier_runs([outputs] if outputs is not None else [], [(item, ("a",)) for item in logged])
    assert all(identity(run).startswith("sha256:") for run in runs)


@settings(max_examples=200, deadline=None)
@given(LISTS)
def test_every_sample_of_a_json_file_is_read_to_the_letter(texts: dict[str, list[str]]) -> None:
    outputs, problems = read_outputs(json.dumps(texts), "x.json", stem="llada_baselines")
    assert problems == []
    assert outputs is not None
    assert {item.letter: [text for _, text in item.samples] for item in outputs.canaries} == texts
