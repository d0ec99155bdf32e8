"""Rate a sample by the author's own criteria, and tag it with words of hers; numbers beside the text, never a rank."""

from __future__ import annotations

import re

from store import annotations as said_of_samples
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import SETTINGS_FILE, Project, read_settings
from workbench.operations.reviewing import is_masked
from workbench.operations.rubric_settings import Criterion

_PARTED = re.compile(r"[\s,;#]+")
_LONGEST = 40


def criteria(project: Project) -> tuple[Criterion, ...]:
    """Return the criteria as `workbench.toml` says them now: it may have been edited since the project was opened.

    Raises:
        ProjectError: the settings cannot be read.
    """
    return read_settings(project.root / SETTINGS_FILE).rubric


def rate(project: Project, sample_id: int, criterion: str, value: int | None) -> None:
    """Rate a sample from 1 to 5; None takes a rating away.

    Raises:
        WorkbenchError: no such criterion, or another value. What was rated by one that is gone can be taken away.
    """
    names = [name for name, _ in criteria(project)]
    if value is not None and criterion not in names:
        raise WorkbenchError(
            f"No criterion is named {criterion!r}: the table [rubric] in {SETTINGS_FILE} has "
            f"{', '.join(names) or 'none'}. Name one of those, or write it there."
        )
    if value is not None and not 1 <= value <= 5:
        raise WorkbenchError(f"The rating of {criterion}: found {value}, expected 1 to 5.")
    said_of_samples.rate(project.db, sample_id, criterion, value, whose=not is_masked(project))


def set_tags(project: Project, sample_id: int, text: str) -> tuple[str, ...]:
    """Give a sample the tags that a line names and no others; return them.

    Raises:
        WorkbenchError: one is longer than a tag is.
    """
    tags = tags_in(text)
    for tag in tags:
        if len(tag) > _LONGEST:
            raise WorkbenchError(f"The tag {tag[:20]!r}… has {len(tag)} letters, expected at most {_LONGEST}.")
    said_of_samples.set_tags(project.db, sample_id, tags, whose=not is_masked(project))
    return tags


def tags_in(text: str) -> tuple[str, ...]:
    """Return the tags of a line: words parted by spaces or commas, in lower case, each once."""
    return tuple(dict.fromkeys(word for word in _PARTED.split(text.lower()) if word))


def used_tags(project: Project) -> list[tuple[str, int]]:
    """Return the tags that are used, with how many samples have each, the most used first."""
    return said_of_samples.tags(project.db)


def tagged(project: Project, tag: str) -> set[int]:
    """Return the samples that have a tag.

    Raises:
        WorkbenchError: none has.
    """
    wanted = "".join(tags_in(tag)[:1])
    found = set(said_of_samples.tagged(project.db, wanted))
    if not found:
        known = ", ".join(name for name, _ in used_tags(project)[:8])
        raise WorkbenchError(
            f"No sample is tagged {wanted!r}. {f'Used are {known}.' if known else 'No tag is used yet.'}"
        )
    return found
