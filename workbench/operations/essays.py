"""The Essays screen's questions: every source, its text, and which side of the split it is on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from curation.counted import counted, essays_and_notes
from curation.holdout import choose_holdout, choose_share
from store import coverage, essays, following, groups
from store.coverage import Used
from store.essays import NewParagraph, SourceRow
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class EssayView:
    """One source with its text and the paragraphs found in it."""

    row: SourceRow
    text: str
    paragraphs: tuple[NewParagraph, ...]


def essay_rows(project: Project) -> list[SourceRow]:
    """Return every source, by title: essays, then notes, then pairs without a text."""
    return essays.rows(project.db)


def used(project: Project) -> dict[int, Used]:
    """Return how much of each source stands in accepted pairs, for those where it is known."""
    return coverage.used(project.db)


def used_said(row: SourceRow, found: Used | None) -> str:
    """Say which share of a source is used; `?` where its accepted pairs are, but not where they stand in it."""
    if found is None or not found.usable:
        return "?" if row.accepted and row.words else "–"
    return f"{found.words / found.usable:.0%}"


def essay_view(project: Project, source_id: int) -> EssayView:
    """Return one source whole."""
    return EssayView(
        row=essays.row(project.db, source_id),
        text=essays.text(project.db, source_id),
        paragraphs=tuple(essays.paragraphs(project.db, source_id)),
    )


def no_news(project: Project, ids: Sequence[int]) -> None:
    """Note that the author has looked at sources that were new or renamed."""
    following.no_news(project.db, ids)


def toggle_holdout(project: Project, ids: Sequence[int]) -> str:
    """Hold whole groups of essays out, or take them back when all of them are out; return a sentence."""
    rows = [essays.row(project.db, source_id) for source_id in groups.members(project.db, ids)]
    split = "train" if all(row.split == "holdout" for row in rows) else "holdout"
    essays.set_split(project.db, [row.id for row in rows], split)
    name = rows[0].title if len(rows) == 1 else sources_said(rows)
    if len(rows) > len(set(ids)):
        name += f", {len(rows) - len(set(ids))} of them since they belong to the same group"
    return f"{name}: held out" if split == "holdout" else f"{name}: back in training"


def hold_out(project: Project, slugs: Sequence[str]) -> list[SourceRow]:
    """Hold the named sources and their groups out, in addition to those that are; return them all.

    Raises:
        WorkbenchError: a name is not there.
    """
    named = _named(project, slugs)
    chosen = groups.members(project.db, [row.id for row in named])
    essays.set_split(project.db, chosen, "holdout")
    return [essays.row(project.db, source_id) for source_id in chosen]


def hold_out_by_hash(project: Project, *, count: int, seed: int) -> list[SourceRow]:
    """Hold `count` groups out, chosen by a seeded hash of their names, which adding an essay does not reshuffle."""
    groups = _groups(essay_rows(project))
    if count >= len(groups):
        raise WorkbenchError(f"{counted(count, 'essay')} cannot be held out of {len(groups)}: leave some to train on.")
    return _hold_groups(project, choose_holdout(list(groups), count=count, seed=seed))


def share_preview(rows: Sequence[SourceRow], *, share: float, seed: int) -> list[SourceRow]:
    """Return the essays that a share and a seed choose, with what belongs to their groups.

    Raises:
        CurationError: a share that is none.
    """
    chosen = choose_share(_groups(rows), share=share, seed=seed)
    return [row for row in rows if row.group in chosen]


def hold_out_share(project: Project, *, share: float, seed: int) -> list[SourceRow]:
    """Hold out the groups whose seeded hash lies below a share: adding an essay never moves another.

    Raises:
        CurationError: a share that is none.
        WorkbenchError: it chooses no essay, or all of them.
    """
    rows = essay_rows(project)
    groups = _groups(rows)
    chosen = choose_share(groups, share=share, seed=seed)
    if not chosen or len(chosen) == len(groups):
        found = "none" if not chosen else "all"
        among = sum(row.kind != "note" for row in rows)
        raise WorkbenchError(
            f"A share of {share:g} with the seed {seed} chooses {found} of {counted(among, 'essay')}. "
            "Try another seed, or give a count."
        )
    return _hold_groups(project, chosen)


def sources_said(rows: Sequence[SourceRow]) -> str:
    """Say how many essays and how many notes there are; what has no text but pairs alone counts as an essay."""
    notes = sum(row.kind == "note" for row in rows)
    return essays_and_notes(len(rows) - notes, notes)


def chosen_said(rows: Sequence[SourceRow], chosen: Sequence[SourceRow]) -> str:
    """Say how many essays a share came to, of how many; notes come with their essay and are counted apart.

    Args:
        rows: every source.
        chosen: what the share chose, with what belongs to its groups.
    """
    among = sum(row.kind != "note" for row in rows)
    essays = sum(row.kind != "note" for row in chosen)
    notes = len(chosen) - essays
    with_them = f" and {counted(notes, 'note')} with them" if notes else ""
    return f"{essays} of {counted(among, 'essay')} ({essays / among:.0%}){with_them}"


def held_after(rows: Sequence[SourceRow], chosen: Sequence[SourceRow]) -> str:
    """Say how many essays and notes are held out once those chosen are, where that is more than those."""
    ids = {row.id for row in chosen}
    held = [row for row in rows if row.id in ids or row.split == "holdout"]
    return sources_said(held) if len(held) > len(ids) else ""


def share_said(rows: Sequence[SourceRow], held: Sequence[SourceRow], *, share: float) -> str:
    """Say in a sentence how many essays a share came to, of how many, and why not exactly to it.

    Args:
        rows: every source.
        held: what the share chose.
        share: above 0 and below 1.
    """
    after = held_after(rows, held)
    together = f"; with those before, {after}" if after else ""
    return f"{chosen_said(rows, held)} held out by a share of {share:.0%}{together}."


def join(project: Project, ids: Sequence[int]) -> str:
    """Let sources and their groups share a side from now on, under the name of the first; return a sentence.

    Where one of them is held out, all are: what was kept from training stays so.

    Raises:
        WorkbenchError: only one was given.
    """
    if len(set(ids)) < 2:
        raise WorkbenchError(
            "One essay cannot be joined to itself: mark those that belong together with space.",
            on_command_line="One essay cannot be joined to itself: name two or more that belong together.",
        )
    members = groups.members(project.db, ids)
    first = essays.row(project.db, ids[0])
    groups.join(project.db, members, first.group)
    side = "held out" if essays.row(project.db, first.id).split == "holdout" else "in training"
    joined = sources_said([essays.row(project.db, source_id) for source_id in members])
    return f"{joined} belong together now, as {first.group}: all {side}"


def part(project: Project, source_id: int) -> str:
    """Take a source out of its group, on the side where it stands; return a sentence.

    Raises:
        WorkbenchError: it is in no group with another one.
    """
    row = essays.row(project.db, source_id)
    if row.grouped < 2:
        raise WorkbenchError(
            f"{row.title} is in no group. Mark essays with space and join them first.",
            on_command_line=f"{row.title} is in no group. `workbench essays join` makes one.",
        )
    taken = {other.group for other in essay_rows(project)}
    name, number = row.slug, 2
    while name in taken:
        name, number = f"{row.slug}-{number}", number + 1
    groups.join(project.db, [source_id], name)
    return f"{row.title} stands alone now, no longer with {row.group}"


def by_names(project: Project, slugs: Sequence[str]) -> list[int]:
    """Return the ids of the named sources, in the order given.

    Raises:
        WorkbenchError: a name is not there.
    """
    return [row.id for row in _named(project, slugs)]


def _named(project: Project, slugs: Sequence[str]) -> list[SourceRow]:
    by_slug = {row.slug: row for row in essay_rows(project)}
    unknown = [slug for slug in slugs if slug not in by_slug]
    if unknown:
        raise WorkbenchError(f"No essay named {', '.join(unknown)}. See `workbench essays list` for the names.")
    return [by_slug[slug] for slug in slugs]


def _groups(rows: Sequence[SourceRow]) -> set[str]:
    return {row.group for row in rows if row.kind != "note"}


def _hold_groups(project: Project, groups: Collection[str]) -> list[SourceRow]:
    chosen = [row for row in essay_rows(project) if row.group in groups]
    essays.set_split(project.db, [row.id for row in chosen], "holdout")
    return chosen
