"""Pairs as CSV and Parquet."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from curation.errors import CurationError
from curation.filepair import FilePair
from curation.tables import read_csv, read_parquet, write_csv, write_parquet

PAIRS = [
    FilePair(prompt='She said "no", twice.', response="A\n\nB\r\nC", tier="note", source="salt", split="holdout"),
    FilePair(prompt="P", response="=1+1", tier=None, source=None, split=None),
]


def bare(pairs: list[FilePair]) -> list[tuple[object, ...]]:
    return [(pair.prompt, pair.response, pair.tier, pair.source, pair.split) for pair in pairs]


def test_what_is_written_is_read_again() -> None:
    back, problems = read_csv(write_csv(PAIRS), "p.csv")
    assert problems == []
    assert bare(back) == bare(PAIRS)
    assert [pair.line for pair in back] == [2, 6]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_may_be_parted_as_spreadsheets_do(mark: str) -> None:
    text = f'\ufeff"Prompt"{mark}Response\r\nP{mark}"R{mark} r"\r\n\r\nP2{mark}R2\r\n'
    assert [(pair.prompt, pair.response, pair.line) for pair in read_csv(text, "p.csv")[0]] == [
        ("P", f"R{mark} r", 2),
        ("P2", "R2", 4),
    ]


def test_faults_are_named_by_line() -> None:
    text = 'prompt,completion,mood\nP,R\n"P\n1",,\nP,R,sad\nP,"R\n'
    pairs, problems = read_csv(text, "p.csv")
    assert [pair.line for pair in pairs] == [5]
    assert [(problem.line, problem.message.split(" ")[1]) for problem in problems] == [
        (2, "2"),
        (3, "no"),
        (6, "be"),
        (5, "the"),
    ]
    assert read_csv("a,b\n1,2\n", "p.csv")[1][0].message.startswith("names the columns a, b.")
    assert read_csv("", "p.csv")[1][0].message.startswith("holds no rows")


def test_a_field_longer_than_the_library_allows_by_itself_is_read() -> None:
    assert len(read_csv(f"prompt,completion\nP,{'r' * 300_000}\n", "p.csv")[0][0].response) == 300_000


def test_parquet_is_read_where_its_library_is(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import parquet

    path = tmp_path / "p.parquet"
    rows = [{"prompt": "P", "completion": "R\n", "tier": 4}, {"prompt": "P", "completion": None, "tier": None}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    pairs, problems = read_parquet(path, "p.parquet")
    assert bare(pairs) == [("P", "R\n", "note", None, None)]
    assert problems[0].line == 2
    path.write_bytes(path.read_bytes()[:40])
    assert "cannot be read as Parquet" in read_parquet(path, "p.parquet")[1][0].message


def test_what_is_written_as_parquet_is_read_again(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    path = tmp_path / "p.parquet"
    for pairs in (PAIRS, PAIRS[1:]):
        path.write_bytes(write_parquet(pairs, "p.parquet"))
        back, problems = read_parquet(path, "p.parquet")
        assert problems == []
        assert bare(back) == bare(pairs)
        assert write_parquet(pairs, "p.parquet") == path.read_bytes()


def test_without_its_library_parquet_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CurationError, match=r"p\.parquet: Parquet needs the library pyarrow"):
        read_parquet(tmp_path / "p.parquet", "p.parquet")
