"""Imports, edits and what the disk does between, in any order: undo and redo give every state of the author's back."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from store import essays, history, imported_pairs, pairs
from store.essays import NewParagraph, NewSource
from store.imported_pairs import ImportedPair
from store.pairs import NewPair, PairChange, PairFilter
from tests.property.undoable import Undoable

names = st.sampled_from("abcd")
bodies = st.sampled_from(["", "One.", "One. Two.", "Three of them, and more."])


def read(name, body):
    blocks = [NewParagraph("prose", start, start + 3, 1) for start in range(0, len(body), 4)]
    return NewSource(f"{name}.md", name, "note", name.upper(), body, len(body), len(blocks), {}, blocks)


def imported(name, number):
    return ImportedPair(name, "train", "note", f"p{number}", f"r{number}", 0, 0, 1, 1, "x.md:1")


class Importing(Undoable):
    """Beside a list of the states there were; the disk is looked at as the author left it, so that it changes none."""

    def state(self):
        sources = "id, path, slug, kind, title, text_hash, words, origin, split, group_name, imported_at, changed_at"
        return [
            self.db.all(f"SELECT {sources} FROM source ORDER BY id"),
            self.db.all("SELECT source_id, position, kind, start, end, words FROM paragraph ORDER BY 1, 2"),
            self.db.all("SELECT * FROM pair ORDER BY id"),
        ]

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


Importing.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestImporting = Importing.TestCase
