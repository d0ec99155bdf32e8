"""Imports, edits and what the disk does between, in any order: undo and redo give every state of the author's back."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from store import essays, history, imported_pairs, pairs
from store.database import Database
from store.essays import NewParagraph, NewSource
from store.imported_pairs import ImportedPair
from store.pairs import NewPair, PairChange, PairFilter

names = st.sampled_from("abcd")
bodies = st.sampled_from(["", "One.", "One. Two.", "Three of them, and more."])


def read(name, body):
    blocks = [NewParagraph("prose", start, start + 3, 1) for start in range(0, len(body), 4)]
    return NewSource(f"{name}.md", name, "note", name.upper(), body, len(body), len(blocks), {}, blocks)


def imported(name, number):
    return ImportedPair(name, "train", "note", f"p{number}", f"r{number}", 0, 0, 1, 1, "x.md:1")


class Importing(RuleBasedStateMachine):
    """Beside a list of the states there were; the disk is looked at as the author left it, so that it changes none."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "x.db"
        self.db = Database.open(self.path)
        self.states = [self.state()]
        self.at = 0

    def teardown(self):
        assert self.db.integrity_problems() == []
        self.db.close()
        self.folder.cleanup()

    def state(self):
        sources = "id, path, slug, kind, title, text_hash, words, origin, split, group_name, imported_at, changed_at"
        return [
            self.db.all(f"SELECT {sources} FROM source ORDER BY id"),
            self.db.all("SELECT source_id, position, kind, start, end, words FROM paragraph ORDER BY 1, 2"),
            self.db.all("SELECT * FROM pair ORDER BY id"),
        ]

    def done(self):
        if self.state() != self.states[self.at]:
            self.states[self.at + 1 :] = [self.state()]
            self.at += 1

    def sources(self):
        return [row.id for row in essays.rows(self.db)]

    @rule(files=st.dictionaries(names, bodies, min_size=1), numbers=st.lists(st.integers(0, 5), max_size=3))
    def import_files(self, files, numbers):
        with history.spanning(self.db, "import") as span:
            for name, body in files.items():
                essays.save(self.db, read(name, body))
            found = [imported("abcdef"[number], number) for number in numbers]
            imported_pairs.save(self.db, "pairs", found, "proposed")
            span.label = f"import {len(files)}"
        self.done()

    @rule(number=st.integers(0, 9), starts=st.lists(st.integers(0, 20), max_size=3))
    def propose(self, number, starts):
        ids = self.sources()
        if ids:
            new = [NewPair("note", "p", f"r{start}", start, start + 9, 1, 1) for start in starts]
            pairs.propose(self.db, ids[number % len(ids)], new, "propose")
            self.done()

    @rule(number=st.integers(0, 9), status=st.sampled_from(["accepted", "rejected"]))
    def decide(self, number, status):
        ids = pairs.ids(self.db, PairFilter())
        if ids:
            pairs.change(self.db, "decide", [PairChange(id=ids[number % len(ids)], status=status)])
            self.done()

    @rule(number=st.integers(0, 9), split=st.sampled_from(["train", "holdout"]))
    def hold_out(self, number, split):
        ids = self.sources()
        if ids:
            essays.set_split(self.db, [ids[number % len(ids)]], split)
            self.done()

    @rule(times=st.integers(1, 4))
    def undo(self, times):
        for _ in range(times):
            assert (history.undo(self.db) is None) == (self.at == 0)
            self.at = max(0, self.at - 1)
            assert self.state() == self.states[self.at]

    @rule(times=st.integers(1, 4))
    def redo(self, times):
        for _ in range(times):
            assert (history.redo(self.db) is None) == (self.at == len(self.states) - 1)
            self.at = min(len(self.states) - 1, self.at + 1)
            assert self.state() == self.states[self.at]

    @rule()
    def restart(self):
        self.db.close()
        self.db = Database.open(self.path)

    @invariant()
    def the_store_is_as_the_list_says(self):
        assert self.state() == self.states[self.at]


Importing.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestImporting = Importing.TestCase
