"""What goes of an essay when pairs are proposed from it, by which rule, and the notes that are kept aside."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from curation.cleaning import footnotes, leftovers
from curation.cleaning_rules import CLEAN, RULES
from curation.paragraphs import LINE, Paragraph
from store import essays
from store.essays import SourceRow
from workbench.operations.errors import WorkbenchError
from workbench.operations.essays import by_names, essay_rows
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class RuleView:
    """A rule: its name, what it takes away, whether it is on, and how often it finds something in the essay shown."""

    name: str
    words: str
    on: bool
    found: int = 0


@dataclass(frozen=True, kw_only=True)
class LeftoverView:
    """Something that goes: its line in the essay's text from 1, its rule, its words, and what stays in its place."""

    line: int
    rule: str
    text: str
    kept: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class CleaningView:
    """What every rule, on or off, finds in one essay."""

    source: SourceRow
    rules: tuple[RuleView, ...]
    leftovers: tuple[LeftoverView, ...]


@dataclass(frozen=True, kw_only=True)
class FootnoteView:
    """A note of an essay: the essay's name and title, the note's label, its words, and its line from 1."""

    source: str
    title: str
    label: str
    text: str
    line: int


def rules(project: Project) -> list[RuleView]:
    """Return every rule in the order it is applied."""
    settings = project.settings.cleaning
    return [RuleView(name=name, words=words, on=getattr(settings, name)) for name, words in RULES.items()]


def cleaning_view(project: Project, source_id: int) -> CleaningView:
    """Return what goes of one essay, and what would if every rule were on."""
    text, blocks, row = _read(project, source_id)
    found = leftovers(text, blocks, CLEAN)
    counts = Counter(item.rule for item in found)
    settings = project.settings.cleaning
    line_of = _line_of(text)
    return CleaningView(
        source=row,
        rules=tuple(
            RuleView(name=rule.name, words=rule.words, on=rule.on, found=counts[rule.name]) for rule in rules(project)
        ),
        leftovers=tuple(
            LeftoverView(
                line=line_of(item.start),
                rule=item.rule,
                text=text[item.start : item.end],
                kept=item.kept,
                on=getattr(settings, item.rule),
            )
            for item in found
        ),
    )


def cleaning_view_of(project: Project, slug: str) -> CleaningView:
    """Return what goes of the essay of a name.

    Raises:
        WorkbenchError: there is none of that name.
    """
    return cleaning_view(project, by_names(project, [slug])[0])


def switch_rule(project: Project, name: str, on: bool) -> str:
    """Switch a rule in `workbench.toml`; return what was done as a sentence.

    Pairs that were proposed before stay as they are; those proposed from now on follow the rule.

    Raises:
        WorkbenchError: there is no such rule.
        ProjectError: the settings cannot be written.
    """
    if name not in RULES:
        raise WorkbenchError(f"There is no rule named {name!r}. There are: {', '.join(RULES)}.")
    project.change_setting("cleaning", name, on)
    return f"{name} is {'on' if on else 'off'}: propose again to see it in the pairs."


def footnote_views(project: Project, slugs: Sequence[str] = ()) -> list[FootnoteView]:
    """Return the notes of the named essays, or of all, in order.

    Raises:
        WorkbenchError: one of the names is none.
    """
    found = []
    for source_id in by_names(project, slugs) if slugs else [row.id for row in essay_rows(project)]:
        text, blocks, row = _read(project, source_id)
        line_of = _line_of(text)
        found += [
            FootnoteView(source=row.slug, title=row.title, label=note.label, text=note.text, line=line_of(note.start))
            for note in footnotes(text, blocks)
        ]
    return found


def footnotes_markdown(notes: Sequence[FootnoteView]) -> str:
    """Return notes as Markdown, each a section between `---` lines that `workbench import --as notes` reads."""
    return "\n\n---\n\n".join(f"{note.text}\n\n[Note {note.label} of {note.title}]" for note in notes) + "\n"


def _read(project: Project, source_id: int) -> tuple[str, list[Paragraph], SourceRow]:
    blocks = [
        Paragraph(kind=block.kind, start=block.start, end=block.end)
        for block in essays.paragraphs(project.db, source_id)
    ]
    return essays.text(project.db, source_id), blocks, essays.row(project.db, source_id)


def _line_of(text: str) -> Callable[[int], int]:
    """Return what gives the line, from 1, of an offset in a text."""
    starts = [0, *(found.end() for found in LINE.finditer(text))]
    return lambda offset: bisect_right(starts, offset)
