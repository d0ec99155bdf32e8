"""One import while it goes on: its options, what came in so far, and every problem.

Each form of file has a function that is given the `Intake` and a path; it reads, saves what it finds, and says so here.
On a dry run it reads all the same and saves nothing, and what it says is what would have happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol, TypeVar, cast

from curation.counted import counted
from curation.errors import Problem
from curation.generated import standing_in
from curation.quoted import quoted
from store import essays, following, history, sessions
from store.known_sources import Outcome
from workbench.operations.following import Followed
from workbench.operations.project import Project

Progress = Callable[[int, int, str], None]

_PLURALS = {"essay": "essays", "note": "notes", "pair": "pairs", "prompt": "prompts", "run": "runs"}

# The outcomes that the history tells, and the word for each.
_LABELLED: tuple[tuple[Outcome, str], ...] = (("added", ""), ("changed", "changed "))


# How many folders that were passed over are named.
_NAMED = 8


class Gatherer(Protocol):
    """Takes what several files hold, and keeps it together when all were read."""

    def finish(self, intake: Intake) -> None:
        """Keep it, or on a dry run say what would come of it."""


G = TypeVar("G", bound=Gatherer)


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How to import.

    Attributes:
        kind: what the sources are; None decides by folder name and length.
        dry_run: read everything, save nothing.
        form: read every file as this form; None recognises each.
        also: what is left out by itself and wanted all the same: `drafts`, or a type of post such as `podcast`.
        accept: pairs come in as accepted; else as proposals.
    """

    kind: Literal["essay", "note"] | None = None
    dry_run: bool = False
    form: str | None = None
    also: frozenset[str] = frozenset()
    accept: bool = False


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What came in of one kind from one place; on a dry run, what would.

    Attributes:
        outcome: whether it is new, says something else now, or says the same.
        what: essay, note, pair, prompt, ...
        name: its slug; of several things, of the first.
        title: for people.
        path: the file it is from, as it was named.
        count: how many things; an essay is one.
        words: words of prose.
        paragraphs: how many were found.
    """

    outcome: Outcome
    what: str
    name: str
    title: str
    path: str
    count: int = 1
    words: int = 0
    paragraphs: int = 0


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What came in: slugs of sources by outcome, everything with its size, and every problem.

    Attributes:
        added: slugs of new sources.
        changed: slugs of sources that say something else now.
        same: slugs of sources that are as they were.
        arrivals: each of them, and all else that came in.
        problems: what is wrong, by file and line.
        left_out: what is left out by choice, by file and line, with the way to have it.
        choices: the values of `also` that would bring in something that is left out.
        followed: what became of the pairs of essays that say something else now.
        retold: how many sources that were here are of another kind now, since the author said so.
        missing: titles of notes that are in their file no more; they stay, with their texts and pairs.
        passed_over: folders that were not looked into, since what is there is not the author's writing.
        dry_run: nothing was saved.
        cancelled: it was stopped; what had come in stays.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    problems: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()
    choices: tuple[str, ...] = ()
    followed: tuple[Followed, ...] = ()
    retold: int = 0
    missing: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    dry_run: bool = False
    cancelled: bool = False

    @property
    def passed_over_said(self) -> str:
        """One line that names the folders that were not looked into, or nothing."""
        if not self.passed_over:
            return ""
        named, more = self.passed_over[:_NAMED], len(self.passed_over) - _NAMED
        return f"passed over: {', '.join(named)}{f' and {more} more' if more > 0 else ''}"

    @property
    def new_pairs(self) -> int:
        """How many pairs are new."""
        return sum(item.count for item in self.arrivals if item.what == "pair" and item.outcome == "added")

    @property
    def summary(self) -> str:
        """One sentence for the status line."""
        parts = [self._counted("added"), self._counted("changed"), self._counted("same", "as they were")]
        if self.missing:
            parts.append(f"{len(self.missing)} no longer in their file, and kept")
        if self.problems:
            parts.append(counted(len(self.problems), "problem"))
        if self.left_out:
            parts.append(f"{len(self.left_out)} left out")
        head = "Import cancelled: " if self.cancelled else "Would come in: " if self.dry_run else "Imported: "
        return head + ", ".join(parts) + self._retold

    @property
    def _retold(self) -> str:
        if not self.retold:
            return ""
        return f". The kind of {self.retold} was changed: undo takes that back"

    def _counted(self, outcome: Outcome, words: str = "") -> str:
        counts = Counter[str]()
        for item in self.arrivals:
            if item.outcome == outcome:
                counts[item.what] += item.count
        said = f"{counts.total()} {words or outcome}"
        if not counts.keys() - {"essay", "note"}:
            return said
        listed = [f"{count} {what if count == 1 else _PLURALS.get(what, what)}" for what, count in counts.items()]
        return f"{said} ({', '.join(listed)})"


class Intake:
    """What an import has done so far; the forms' functions write here.

    Attributes:
        project: where to.
        options: how.
        progress: to be called with things done, things in all, and the name of the one that is read now.
        cancelled: to be asked before each thing; when it says so, stop.
    """

    def __init__(
        self, project: Project, options: ImportOptions, progress: Progress, cancelled: Callable[[], bool]
    ) -> None:
        self.project = project
        self.options = options
        self.progress = progress
        self.cancelled = cancelled
        self._arrivals: list[Arrival] = []
        self._problems: list[Problem] = []
        self._left_out: list[Problem] = []
        self._choices: set[str] = set()
        self._missing: list[str] = []
        self._would_be_taken: set[str] = set()
        # Path by text, of what a dry run has seen and not saved.
        self._texts_seen: dict[str, str] = {}
        self._gatherers: dict[type[Gatherer], Gatherer] = {}
        self._kept: list[int] = []
        self._retold = 0

    @contextmanager
    def one_edit(self, place: str) -> Iterator[None]:
        """Make one edit of all that comes in inside the block; on a dry run nothing is kept, and so no edit is made.

        Args:
            place: where it comes from, in a word or two.
        """
        with history.spanning(self.project.db, f"import from {place}") as span:
            try:
                yield
            finally:
                span.label = self._label(place)

    def gathered(self, kind: type[G]) -> G:
        """Return this import's only gatherer of a kind; it finishes after every file was read."""
        if kind not in self._gatherers:
            self._gatherers[kind] = kind()
        return cast("G", self._gatherers[kind])

    def finish(self) -> None:
        """Let the gatherers keep what they have; not called when the import was cancelled."""
        for gatherer in self._gatherers.values():
            gatherer.finish(self)

    @cached_property
    def _away(self) -> frozenset[str]:
        return frozenset(following.taken_away(self.project.db))

    @property
    def foreseen(self) -> frozenset[str]:
        """The slugs of sources that a dry run has seen and not saved."""
        return frozenset(self._would_be_taken)

    def save(self, new: essays.NewSource, path: str) -> None:
        """Keep a source, in a transaction of its own, and say what became of it.

        Where nothing that comes in is an edit of the author's, what an undo of hers took away is left out.

        Args:
            new: the source.
            path: the file it is from, as it was named.
        """
        if self.options.dry_run:
            slug, outcome = essays.would_save(self.project.db, new, self._would_be_taken)
            self._would_be_taken.add(slug)
        else:
            if not history.recording(self.project.db) and new.path in self._away:
                return
            source_id, outcome = essays.save(self.project.db, new)
            slug = essays.slug_of(self.project.db, source_id)
            self._kept.append(source_id)
        if outcome == "added" and new.origin == "file" and new.words:
            self._warn_of_copy(new, path)
        if outcome in ("added", "changed"):
            self.tell_of_a_model(new.text, path, 1 if new.origin == "file" else None)
        if outcome == "kept":
            # Two texts of hers: which one she wants is not decided by what happened to come in last.
            message = (
                f"{quoted(new.title)} was edited here, and what comes in now reads otherwise: your text was kept. To "
                f"have the new one, put the old one back (`workbench essays edit {slug} --as-imported`), and import "
                "again."
            )
            self.problem(Problem(path, None, message))
            outcome = "same"
        self.arrived(
            Arrival(
                outcome=outcome,
                what=new.kind,
                name=slug,
                title=new.title,
                path=path,
                words=new.words,
                paragraphs=len(new.paragraphs),
            )
        )

    def _warn_of_copy(self, new: essays.NewSource, path: str) -> None:
        """Say that a new source is a copy of another, to the letter: nothing else would before its pairs are read."""
        other = essays.of_same_text(self.project.db, new.text, path=new.path) or self._texts_seen.get(new.text)
        if self.options.dry_run:
            self._texts_seen.setdefault(new.text, new.path)
        if other is not None:
            message = (
                f"is the same text as {other}, to the letter: hold both, and its pairs count twice. Propose pairs "
                "from one of the two alone, or undo this import and leave one of the files out."
            )
            self.problem(Problem(path, None, message))

    def tell_of_a_model(self, text: str, path: str, first_line: int | None) -> None:
        """Say which words of a text a model wrote: what she trains on is to be her own.

        Args:
            text: what came in.
            path: the file it is from, as it was named.
            first_line: its first line there; None where it has none.
        """
        if not self._passages:
            return
        for found in standing_in(text, [passage.body for passage in self._passages]):
            passage = self._passages[found.passage]
            message = (
                f"holds {counted(found.words, 'word')} that a model wrote, taken into {passage.draft} on "
                f"{passage.taken_at[:10]}: a pair of them would teach the model itself and not you. Reject that pair, "
                "write the passage anew, or hold the text out."
            )
            self.problem(Problem(path, None if first_line is None else first_line + found.line - 1, message))

    @cached_property
    def _passages(self) -> list[sessions.Generated]:
        return sessions.taken(self.project.db)

    def tell_kind(self) -> None:
        """Give the sources that were here before the kind the author said; called when all are in."""
        if self.options.kind is not None and self._kept:
            self._retold = essays.set_kind(self.project.db, self._kept, self.options.kind)

    def arrived(self, arrival: Arrival) -> None:
        """Say what came in."""
        self._arrivals.append(arrival)

    def problem(self, problem: Problem) -> None:
        """Say what is wrong with a file."""
        self._problems.append(problem)

    def gone(self, title: str) -> None:
        """Say that a note is in its file no more."""
        self._missing.append(title)

    def leave_out(self, what: Problem, also: str = "") -> None:
        """Say what is left out by choice, and how to have it: the value of `also`, where one brings it in."""
        self._left_out.append(what)
        if also:
            self._choices.add(also)

    def _label(self, place: str) -> str:
        """Say for the history what came in; runs are no edits, and not among it."""
        counts = Counter[tuple[Outcome, str]]()
        for item in self._arrivals:
            counts[item.outcome, item.what] += item.count
        kind = self.options.kind or "essay"
        # Those that only are of another kind now are told by that.
        counts["changed", kind] -= self._retold
        told = [
            f"{counts[outcome, what]:,} {word}{what if counts[outcome, what] == 1 else plural}"
            for outcome, word in _LABELLED
            for what, plural in _PLURALS.items()
            if counts[outcome, what] > 0 and what != "run"
        ]
        listed = " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:])))
        came = f"import {listed} from {place}" if told else ""
        retold = essays.kind_label(self._retold, kind) if self._retold else ""
        return ", and ".join(filter(None, (came, retold))) or f"import from {place}"

    def report(self, followed: Sequence[Followed] = (), passed_over: Sequence[str] = ()) -> ImportReport:
        """Return what was said, with what became of pairs and which folders were not looked into."""
        names: dict[str, list[str]] = {"added": [], "changed": [], "same": []}
        for item in self._arrivals:
            if item.what in ("essay", "note"):
                names[item.outcome].append(item.name)
        return ImportReport(
            added=tuple(names["added"]),
            changed=tuple(names["changed"]),
            same=tuple(names["same"]),
            arrivals=tuple(self._arrivals),
            problems=tuple(self._problems),
            left_out=tuple(self._left_out),
            choices=tuple(sorted(self._choices)),
            followed=tuple(followed),
            retold=self._retold,
            missing=tuple(self._missing),
            passed_over=tuple(passed_over),
            dry_run=self.options.dry_run,
            cancelled=self.cancelled(),
        )
