"""The canary prompts: one working set, edited freely, frozen as a version on first use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.canaries import CanaryText, canary_set_hash, format_canaries, parse_canaries
from curation.errors import EssayError, Problem
from curation.essay import slugify
from curation.textfile import read_text
from store import canaries, history
from store.canaries import Canary, CanarySet, FrozenCanary
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project


def canary_rows(project: Project) -> list[Canary]:
    """Return the working set, in order."""
    return canaries.rows(project.db)


def canary_sets(project: Project) -> list[CanarySet]:
    """Return the frozen versions, oldest first."""
    return canaries.sets(project.db)


def add_canary(
    project: Project, *, prompt: str, slug: str = "", topic: str = "known", length: str = "short", reference: str = ""
) -> int:
    """Add a prompt to the working set; an empty slug is made from its first words.

    Raises:
        WorkbenchError: the prompt is empty or the slug is taken.
    """
    if not prompt.strip():
        raise WorkbenchError("The canary prompt is empty. Write the opening that every model is to continue.")
    chosen = slugify(slug or " ".join(prompt.split()[:4]))
    if any(row.slug == chosen for row in canary_rows(project)):
        raise WorkbenchError(f"There is a canary named {chosen!r}. Name this one otherwise, or edit that one.")
    return canaries.add(
        project.db, slug=chosen, prompt=prompt.strip(), topic=topic, length=length, reference=reference.strip()
    )


def change_canary(
    project: Project, canary_id: int, *, prompt: str, topic: str, length: str, reference: str, slug: str = ""
) -> None:
    """Replace what a canary prompt of the working set says; frozen versions stay as they are. An empty slug stays.

    Raises:
        WorkbenchError: the prompt is empty or the slug is another one's.
    """
    if not prompt.strip():
        raise WorkbenchError("The canary prompt is empty. Write an opening, or remove the prompt.")
    chosen = slugify(slug) if slug.strip() else None
    if any(row.slug == chosen and row.id != canary_id for row in canary_rows(project)):
        raise WorkbenchError(f"There is a canary named {chosen!r}. Name this one otherwise, or edit that one.")
    canaries.change(
        project.db,
        canary_id,
        prompt=prompt.strip(),
        topic=topic,
        length=length,
        reference=reference.strip(),
        slug=chosen,
    )


def rename_canary(project: Project, name: str, new: str) -> str:
    """Give a prompt of the working set another name; return it as it is kept.

    Raises:
        WorkbenchError: there is no such prompt, or the new name is empty or another one's.
    """
    found = next((row for row in canary_rows(project) if row.slug == name), None)
    if found is None:
        raise WorkbenchError(f"There is no canary named {name!r}. See `workbench canaries list`.")
    if not new.strip():
        raise WorkbenchError(f"The new name of {name!r} is empty. Give one that says its topic.")
    change_canary(
        project,
        found.id,
        prompt=found.prompt,
        topic=found.topic,
        length=found.length,
        reference=found.reference,
        slug=new,
    )
    return slugify(new)


def remove_canary(project: Project, canary_id: int) -> None:
    """Take a prompt out of the working set; undo brings it back."""
    canaries.remove(project.db, canary_id)


@dataclass(frozen=True, kw_only=True)
class CanaryImport:
    """What came of a file of prompts: how many of each outcome, and every fault."""

    added: int = 0
    replaced: int = 0
    same: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def imported(self) -> int:
        """How many prompts the file gave."""
        return self.added + self.replaced + self.same

    @property
    def summary(self) -> str:
        """One sentence: what came in, and what did not."""
        counted = (
            (self.added, "added"),
            (self.replaced, "replaced"),
            (self.same, "as before"),
            (len(self.problems), "with a fault: left out"),
        )
        return ", ".join(f"{count} {word}" for count, word in counted if count) + "."


def import_canaries(project: Project, path: Path) -> CanaryImport:
    """Add the prompts of a Markdown file, as one edit; those with a known slug are replaced.

    Raises:
        WorkbenchError: the file cannot be read.
    """
    try:
        text = read_text(path)
    except EssayError as error:
        raise WorkbenchError(str(error.problem)) from error
    parsed, problems = parse_canaries(text, str(path))
    standing = {row.slug: row for row in canary_rows(project)}
    added = replaced = 0
    with history.edit(project.db, f"import canary prompts from {path.name}"):
        for item in parsed:
            known = standing.get(item.slug)
            if known is None:
                added += 1
                add_canary(
                    project,
                    prompt=item.prompt,
                    slug=item.slug,
                    topic=item.topic,
                    length=item.length,
                    reference=item.reference,
                )
            elif canary_text(known) != item:
                replaced += 1
                change_canary(
                    project,
                    known.id,
                    prompt=item.prompt,
                    topic=item.topic,
                    length=item.length,
                    reference=item.reference,
                )
    same = len(parsed) - added - replaced
    return CanaryImport(added=added, replaced=replaced, same=same, problems=tuple(problems))


def export_canaries(project: Project) -> str:
    """Return the working set as Markdown that `import_canaries` reads."""
    return format_canaries([canary_text(row) for row in canary_rows(project)])


def freeze_canaries(project: Project, rows: Sequence[Canary] | None = None) -> CanarySet:
    """Freeze the working set, or return the version that says the same.

    Args:
        project: whose.
        rows: the working set as it was read just now; None to read it.

    Raises:
        WorkbenchError: the set is empty.
        Conflict: another program has edited it since it was read.
    """
    rows = canary_rows(project) if rows is None else rows
    if not rows:
        raise WorkbenchError(
            "There are no canary prompts. Add one in Datasets with n, or `workbench canaries import FILE`: "
            "they are sampled before and after every run."
        )
    return canaries.freeze(project.db, _hash(rows), expected=rows)


def prompt_lines(prompts: Sequence[FrozenCanary]) -> bytes:
    """Return prompts as a run's `prompts.jsonl` has them."""
    rows = ({"slug": row.slug, "prompt": row.prompt, "topic": row.topic, "length": row.length} for row in prompts)
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def frozen_version(project: Project) -> int | None:
    """Return the version that says the same as the working set, if there is one."""
    digest = _hash(canary_rows(project))
    return next((item.version for item in canary_sets(project) if item.content_hash == digest), None)


def _hash(rows: Sequence[Canary]) -> str:
    return canary_set_hash([canary_text(row) for row in rows])


def canary_text(row: Canary) -> CanaryText:
    """Return a prompt of the working set as files and hashes take it."""
    return CanaryText(slug=row.slug, prompt=row.prompt, topic=row.topic, length=row.length, reference=row.reference)
