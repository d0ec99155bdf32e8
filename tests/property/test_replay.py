"""Whatever a valid trace says, its last frame is the sample, and every frame before it a part of that."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbench.operations.explaining import facts_of
from workbench.operations.replaying import blocks_of, canvas_ids, frames_of
from workbench.operations.token_pieces import Pieces, units_of
from workbench.operations.traces import Trace, check_leads_to, trace_of
from workbench.widgets.step_line import columns_of, frames_of_column, step_cells

BYTES = {number: bytes([number]) for number in range(256)} | {256: b" the", 257: "é".encode(), 258: b""}
PIECES = Pieces(texts=BYTES, names={259: "</s>", 260: "<mask>"}, ends=frozenset({259}))
# The last is known to no tokenizer.
TOKENS = st.integers(0, 261) | st.sampled_from([0xC3, 0xA9, 0xF0, 0x9F, 0x90, 0x8C, 256, 259])


@st.composite
def traces(draw: st.DrawFn) -> tuple[dict[str, Any], list[int], int]:
    """Return a trace as JSON, the tokens it leads to, and the length of its blocks."""
    ids = draw(st.lists(TOKENS, max_size=40))
    block = draw(st.integers(1, 12))
    step, commits = 0, []
    for start in range(0, len(ids), block):
        for place in draw(st.permutations(range(start, min(start + block, len(ids))))):
            confidence = draw(st.floats(0, 1) | st.integers(0, 1))
            commits.append([step, place, ids[place], confidence])
            step += draw(st.integers(0, 2))
    return {"prompt_tokens": draw(st.integers(0, 9)), "canvas": len(ids), "commits": commits}, ids, block


@given(made=traces())
def test_the_last_frame_is_the_sample(made: tuple[dict[str, Any], list[int], int]) -> None:
    data, ids, block = made
    found = trace_of(data)
    assert isinstance(found, Trace)
    check_leads_to(found, ids, path="x")
    assert canvas_ids(found) == ids
    blocks = blocks_of(found, block, aligned=False)
    assert [place for item in blocks for place in item] == list(range(len(ids)))
    frames = frames_of(found, blocks)
    canvas: list[int | None] = [None] * len(ids)
    before = 0
    for frame in frames:
        assert frame.step > before
        before = frame.step
        for commit in frame.commits:
            assert canvas[commit.position] is None
            canvas[commit.position] = commit.token_id
            assert frame.block is not None
    assert canvas == ids


@given(ids=st.lists(TOKENS, max_size=60))
def test_units_part_the_canvas_and_their_text_is_that_of_all_bytes(ids: list[int]) -> None:
    units, texts = units_of(ids, PIECES)
    assert [place for unit in units for place in range(unit.first, unit.last + 1)] == list(range(len(ids)))
    stretch: list[bytes] = []
    whole = ""
    for token in [*ids, 260]:
        if token in PIECES.texts:
            stretch.append(PIECES.texts[token])
        else:
            whole += b"".join(stretch).decode("utf-8", "replace")
            stretch = []
    assert "".join(texts) == whole


@given(made=traces())
def test_something_can_be_said_of_any_trace(made: tuple[dict[str, Any], list[int], int]) -> None:
    data, ids, block = made
    found = trace_of(data)
    assert isinstance(found, Trace)
    units, texts = units_of(ids, PIECES)
    facts = facts_of(found.commits, units, texts, blocks_of(found, block, aligned=False), "")
    assert facts.words()[:1] == facts.words()[:1].upper()
    if facts.order is not None:
        assert -1.000001 <= facts.order <= 1.000001
    if facts.begins is not None:
        step, place = facts.begins
        assert 1 <= step <= found.commits[-1].step + 1
        assert place is None or 0 <= place < len(ids)


@given(count=st.integers(0, 600), width=st.integers(0, 200), frame=st.integers(0, 600))
def test_every_step_has_its_cell(count: int, width: int, frame: int) -> None:
    columns, cells = columns_of(count, width)
    drawn = step_cells([0.5] * count, min(frame, count), width)
    assert drawn.cell_length == columns * cells <= width
    assert [at for column in range(columns) for at in frames_of_column(column, columns, count)] == (
        list(range(count)) if columns else []
    )
