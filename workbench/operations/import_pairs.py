"""Import pairs from files: read each, find the essay it is of, and keep all of an import as one edit of the history.

Pairs are gathered until every other file was read, so that the essays they are of are there by then. A pair that was
imported before, or says what another says, changes nothing; one of no known essay gets a source group of its slug.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.errors import CurationError, EssayError, Problem
from curation.essay import slugify
from curation.filepair import FilePair, Split, match_source
from curation.jsonl import read_jsonl
from curation.markdown import count_words
from curation.pairfile import read_pairfile
from curation.tables import read_csv, read_parquet
from curation.textfile import read_text
from store import essays, imported_pairs
from store.imported_pairs import ImportedPair
from store.known_sources import Outcome
from workbench.operations.heads import MAX_PAIR_BYTES
from workbench.operations.intake import Arrival, Intake

_SIDES: dict[str, Split] = {
    "train": "train",
    "holdout": "holdout",
    "validation": "holdout",
    "valid": "holdout",
    "val": "holdout",
    "test": "holdout",
}

Read = Callable[[str, str], tuple[list[FilePair], list[Problem]]]


@dataclass(frozen=True, kw_only=True)
class _File:
    path: Path
    pairs: list[FilePair]


class PairBasket:
    """The pairs of all files of one import."""

    def __init__(self) -> None:
        self._files: list[_File] = []

    def add(self, path: Path, pairs: list[FilePair]) -> None:
        """Take the pairs of a file."""
        self._files.append(_File(path=path, pairs=pairs))

    def finish(self, intake: Intake) -> None:
        """Keep what is new, in one edit, and say what came of each file."""
        # Markdown says tier and source group of its pairs; of the same pair as a line of JSON it comes first.
        files = sorted(self._files, key=lambda file: file.path.suffix.lower() not in (".md", ".markdown", ".txt"))
        sources = _Sources(intake)
        paired = []
        for file in files:
            named = intake.project.relative(file.path)
            paired += [(file, sources.settle(file.path, pair, named)) for pair in file.pairs]
        new = [pair for _, pair in paired]
        if not new:
            return
        if intake.options.dry_run:
            fresh = [not item for item in imported_pairs.known(intake.project.db, new)]
        else:
            status = "accepted" if intake.options.accept else "proposed"
            names = files[0].path.name if len(files) == 1 else f"{len(files)} files"
            fresh = imported_pairs.save(intake.project.db, f"import pairs from {names}", new, status)
        _tell(intake, paired, fresh)


class _Sources:
    """Which source each pair is of; the texts of essays are read once."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._rows = {row.slug: row for row in essays.rows(intake.project.db)}
        self._names = self._rows.keys() | intake.foreseen
        self._texts: dict[str, str] = {}
        self._held: dict[str, Split] = {}
        self._said: set[str] = set()

    def settle(self, path: Path, pair: FilePair, named: str) -> ImportedPair:
        """Return a pair with its source, and its place in the essay where its response stands there."""
        split: Split | None = pair.split or _SIDES.get(path.stem.lower())
        # A file named only after its side says nothing of its source; its folder may.
        named = path.stem if path.stem.lower() not in _SIDES else f"{path.absolute().parent.name} {path.stem}"
        wanted = pair.source or slugify(named)
        slug = match_source(wanted, self._names) or wanted
        start = self._find(slug, pair.response.strip())
        self._check_side(path, pair.line, split, slug)
        return ImportedPair(
            source=slug,
            split=self._held.get(slug, split or "train"),
            tier=pair.tier or "continuation",
            prompt=pair.prompt,
            response=pair.response,
            start=max(start, 0),
            end=start + len(pair.response.strip()) if start >= 0 else 0,
            prompt_words=count_words(pair.prompt),
            response_words=count_words(pair.response),
            origin=f"{named}:{pair.line}",
        )

    def _find(self, slug: str, response: str) -> int:
        row = self._rows.get(slug)
        if row is None:
            return -1
        if slug not in self._texts:
            self._texts[slug] = essays.text(self._intake.project.db, row.id)
        return self._texts[slug].find(response)

    def _check_side(self, path: Path, line: int, split: Split | None, slug: str) -> None:
        """Name a source whose pairs a file puts on the side it is not on: both in one dataset would leak."""
        row = self._rows.get(slug)
        side = row.split if row else self._held.setdefault(slug, split or "train")
        if split is None or split == side or slug in self._said:
            return
        self._said.add(slug)
        how = "h in Essays, or `workbench essays hold-out` or `take-back`, changes that"
        remedy = how if row else f"the file puts it on both; {how}"
        message = f"is of the {split} side, and the source {slug!r} is on the {side} side: {remedy}."
        self._intake.problem(Problem(str(path), line, message))


def _tell(intake: Intake, paired: Sequence[tuple[_File, ImportedPair]], fresh: Sequence[bool]) -> None:
    counts: Counter[tuple[str, str, str]] = Counter()
    words: Counter[tuple[str, str, str]] = Counter()
    for (file, pair), new in zip(paired, fresh):
        if new:
            intake.tell_of_a_model(pair.response, str(file.path), int(pair.origin.rpartition(":")[2]))
        place = (str(file.path), pair.source, "added" if new else "same")
        counts[place] += 1
        words[place] += pair.response_words
    for place, count in counts.items():
        path, source, outcome = place
        said: Outcome = "added" if outcome == "added" else "same"
        title = source.replace("-", " ")
        intake.arrived(
            Arrival(outcome=said, what="pair", name=source, title=title, path=path, count=count, words=words[place])
        )


def bring_in_markdown(intake: Intake, path: Path) -> None:
    """Bring in a Markdown file of pairs."""
    _bring_in(intake, path, read_pairfile)


def bring_in_jsonl(intake: Intake, path: Path) -> None:
    """Bring in a file of JSON lines, or of one list of rows."""
    _bring_in(intake, path, read_jsonl)


def bring_in_csv(intake: Intake, path: Path) -> None:
    """Bring in a table as CSV."""
    _bring_in(intake, path, read_csv)


def bring_in_parquet(intake: Intake, path: Path) -> None:
    """Bring in a table as Parquet."""
    try:
        pairs, problems = read_parquet(path, str(path))
    except CurationError as error:
        intake.problem(Problem(str(path), None, str(error).partition(": ")[2]))
        return
    _keep(intake, path, pairs, problems)


def _bring_in(intake: Intake, path: Path, read: Read) -> None:
    try:
        text = read_text(path, max_bytes=MAX_PAIR_BYTES)
    except EssayError as error:
        intake.problem(error.problem)
        return
    _keep(intake, path, *read(text, str(path)))


def _keep(intake: Intake, path: Path, pairs: list[FilePair], problems: list[Problem]) -> None:
    for problem in problems:
        intake.problem(problem)
    intake.gathered(PairBasket).add(path, pairs)
