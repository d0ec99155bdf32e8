"""Some hundreds of mutated files crash nothing and lose nothing; `benchmarks/fuzz_import.py` runs ten thousand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import EssayError
from curation.essay import read_essay
from curation.paragraphs import paragraphs
from tests import fuzzing
from tests import substack_export as export
from tests.conftest import SAMPLE_ESSAYS
from tests.unit.test_curation_cleaning import PASTED


def sources(folder: Path) -> tuple[list[bytes], list[bytes], Path]:
    """Return essays, posts and an export to mutate."""
    essays = [path.read_bytes() for path in sorted(SAMPLE_ESSAYS.rglob("*.md"))] + [PASTED.encode()]
    posts = [export.SALT_HTML.encode() * 3]
    rows = [export.row(f"{n}.post-{n}") for n in range(101, 104)]
    csv_bytes = export.posts_csv(*rows)
    path = export.write_zip(
        folder / "export.zip", export.files(csv_bytes, {row["post_id"]: export.SALT_HTML for row in rows})
    )
    return essays, posts, path


@pytest.mark.parametrize("seed", [1, 2])
def test_no_mutated_file_crashes_or_loses_text(tmp_path: Path, seed: int) -> None:
    essays, posts, path = sources(tmp_path)
    counts = fuzzing.run(200, seed=seed, essays=essays, posts=posts, export=path, folder=tmp_path)
    assert counts["markdown read"] > 60
    assert counts["html read"] > 30
    assert 0 < counts["zip read"] < counts["zip"]


LINES = st.sampled_from([b"# T", b"Words here.", b"\xc3\xa9", b"***", b"> q", b"- i", b"", b" ", b"```", b"[^1]: n"])
FILES = st.tuples(
    st.sampled_from([b"", fuzzing.BOM]),
    st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\n", b""])), max_size=12),
).map(lambda parts: parts[0] + b"".join(line + end for line, end in parts[1]))


@settings(max_examples=300, deadline=None)
@given(FILES | st.binary(max_size=120) | st.text(max_size=120).map(str.encode))
def test_spans_and_gaps_give_the_file_back_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "essay.md"
    path.write_bytes(data)
    try:
        essay = read_essay(path)
    except EssayError:
        return
    pieces, last = [], 0
    for block in paragraphs(essay.text):
        pieces += [essay.text[last : block.start], essay.text[block.start : block.end]]
        last = block.end
    body = "".join([*pieces, essay.text[last:]]).encode()
    # What is kept of a file tells whether it began with a byte order mark: its size.
    assert (fuzzing.BOM if essay.file_bytes == len(body) + len(fuzzing.BOM) else b"") + body == data
