"""Whatever was done: undoing all of it gives the first state back, redoing all of it the last."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from store import canaries, essays, pairs
from store.essays import NewSource
from store.pairs import NewPair, PairChange, PairFilter
from tests.property.undoable import Undoable

EDITED = ("source", "pair", "canary", "verdict", "annotation")
# Of a source only what is the author's: which text its pairs were proposed from is no edit of hers.
COLUMNS = {"source": "id, path, slug, kind, title, text_hash, split, missing_at"}
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)


class Editing(Undoable):
    """Edit at random, beside a plain list of the states there were: the history must agree with it at every step."""

    def begin(self):
        essays.save(self.db, NewSource("a.md", "a", "essay", "A", "x" * 100, 1, 1, {}, []))

    def state(self):
        return [self.db.all(f"SELECT {COLUMNS.get(name, '*')} FROM {name} ORDER BY id") for name in EDITED]

    def some_pair(self, number):
        ids = pairs.ids(self.db, PairFilter(statuses=("proposed", "accepted", "rejected", "merged")))
        return ids[number % len(ids)]

    @rule(starts=st.lists(st.integers(0, 90), max_size=4))
    def propose(self, starts):
        pairs.propose(self.db, 1, [NewPair("note", "p", f"r{n}", n, n + 9, 1, 1) for n in starts], "propose")
        self.done()

    @precondition(lambda self: self.db.one("SELECT 1 FROM pair"))
    @rule(
        numbers=st.lists(st.integers(0, 9), min_size=1, max_size=3),
        status=st.sampled_from(["proposed", "accepted", "rejected", "merged", None]),
        note=st.none() | texts,
    )
    def change(self, numbers, status, note):
        changes = [PairChange(id=self.some_pair(n), status=status, note=note, response=note) for n in numbers]
        pairs.change(self.db, "change", changes)
        self.done()

    @precondition(lambda self: self.db.one("SELECT 1 FROM pair"))
    @rule(number=st.integers(0, 9))
    def split(self, number):
        pairs.change(self.db, "split", [], [(self.some_pair(number), NewPair("note", "", "", 0, 0, 0, 0), "proposed")])
        self.done()

    @rule(split=st.sampled_from(["train", "holdout"]))
    def hold_out(self, split):
        essays.set_split(self.db, [1], split)
        self.done()

    @rule(slug=st.sampled_from("abc"), prompt=texts)
    def edit_canary(self, slug, prompt):
        known = {row.slug: row.id for row in canaries.rows(self.db)}
        if slug not in known:
            canaries.add(self.db, slug=slug, prompt=prompt, topic="known", length="short")
        elif prompt:
            canaries.change(self.db, known[slug], prompt=prompt)
        else:
            canaries.remove(self.db, known[slug])
        self.done()


Editing.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestEditing = Editing.TestCase
