"""A store that is edited at random, beside a plain list of the states there were: the history must agree with it."""

import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store import history, reversing
from store.database import Database


class Undoable(RuleBasedStateMachine):
    """What is undone, redone and opened again at any time; a test adds `state` and the rules that edit."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "x.db"
        self.db = Database.open(self.path)
        self.begin()
        self.states = [self.state()]
        self.at = 0

    @initialize(steps=st.sampled_from([(400_000, 300_000), (0, 1), (0, 900)]))
    def undo_in_steps(self, steps):
        self.before = reversing._LARGE, reversing._STEP, reversing._PAUSE_S
        reversing._LARGE, reversing._STEP, reversing._PAUSE_S = *steps, 0.0

    def begin(self):
        """Put in what is there before the first edit."""

    def state(self):
        """Return all that edits change."""
        raise NotImplementedError

    def teardown(self):
        reversing._LARGE, reversing._STEP, reversing._PAUSE_S = self.before
        assert self.db.integrity_problems() == []
        self.db.close()
        self.folder.cleanup()

    def done(self):
        if self.state() != self.states[self.at]:
            self.states[self.at + 1 :] = [self.state()]
            self.at += 1

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

    @rule(back=st.booleans(), on=st.booleans())
    def stop_in_part(self, back, on):
        """Undo or redo in part, open it again, and then go on or take that back."""
        begin, goes_back = (history.undo, history.redo) if back else (history.redo, history.undo)
        stopped = begin(self.db, cancelled=lambda: True)
        if stopped is not None and not stopped.whole:
            self.restart()
            assert (begin if on else goes_back)(self.db).edit == stopped.edit
            if not on:
                return
        if stopped is not None:
            self.at += -1 if back else 1

    @rule()
    def restart(self):
        self.db.close()
        self.db = Database.open(self.path)

    @invariant()
    def the_store_is_as_the_list_says(self):
        assert self.state() == self.states[self.at]
