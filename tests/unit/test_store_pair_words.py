"""What the filter of Pairs finds where a part is in so many words that not all of them are asked for."""

from __future__ import annotations

from pathlib import Path

from store import essays, pairs
from store.database import Database
from store.essays import NewSource
from store.pairs import NewPair, PairFilter


def test_a_part_that_is_in_very_many_words_is_found_behind_a_nul_too(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "x.db")
    essays.save(db, NewSource("a.md", "a", "essay", "A", "x", 1, 1, {}, []))
    rare = ("".join(chr(97 + int(digit)) for digit in f"{number:03d}") for number in range(900))
    texts = [f"bellow hello {word}ellx" for word in rare] + ["abc\0def qqrellzz tail", "nothing\0 \n zzellqq here"]
    pairs.propose(db, 1, [NewPair("note", "p", text, at, at + 1, 1, 1) for at, text in enumerate(texts)], "propose")
    assert len(pairs.ids(db, PairFilter(words="ell"))) == len(texts)
    db.close()
