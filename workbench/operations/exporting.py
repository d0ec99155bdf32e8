"""Export a review as Markdown or JSONL; and write the files of an export, each whole or not at all.

What an export writes is remembered by its hash, so that the next one replaces its own files and nobody else's.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from curation.counted import counted
from curation.quoted import quoted
from store import program
from workbench.operations.errors import WorkbenchError, WouldReplaceError
from workbench.operations.project import Project
from workbench.operations.reviewing import Comparison, ReviewView, review, tally

_REMEMBERED = "exported:"


def export_review(project: Project, run: str, path: Path, *, force: bool = False) -> Path:
    """Write a run's review to a file: JSONL where the name ends so, else Markdown.

    Raises:
        WouldReplaceError: a file of somebody's own stands there, and `force` is not given.
    """
    view = review(project, run)
    text = _review_jsonl(view) if path.suffix == ".jsonl" else review_markdown(view)
    write_exports(project, {path: text.encode()}, force=force)
    return path


def review_markdown(view: ReviewView) -> str:
    """Return a review as Markdown: every pair of samples with its verdict, notes, marks, ratings and tags."""
    counts = ", ".join(f"{name} {count}" for name, count in tally(view).items())
    parts = [
        f"# Review of {view.run}",
        f"Base samples from {view.base_run}. {view.judged} of {len(view.comparisons)} judged: {counts}.",
    ]
    for item in view.comparisons:
        parts.append(f"## {item.base.canary_slug}, sample {item.base.idx + 1}")
        parts.append("\n".join(f"> {line}" for line in item.base.canary_prompt.splitlines()))
        parts.append(f"Verdict: {_verdict(item)}")
        for name, sample in (("base", item.base), ("run", item.adapter)):
            seed = "unknown" if sample.seed is None else sample.seed
            size = "" if sample.tokens is None else f", {counted(sample.tokens, 'token')}"
            parts.append(f"### {name} (seed {seed}{size})")
            # An indented block shows model output as it is, whatever marks it holds.
            parts.append("\n".join(f"    {line}" for line in sample.text.splitlines()) or "    (nothing)")
            for note in view.annotations.get(sample.id, ()):
                marked = f" {quoted(sample.text[note.start : note.end])}" if note.kind == "mark" else ""
                rated = f": {note.value} of 5" if note.kind == "rating" else ""
                parts.append(f"- {note.label or note.kind}{marked}{rated}{': ' + note.body if note.body else ''}")
    return "\n\n".join(parts) + "\n"


def _review_jsonl(view: ReviewView) -> str:
    rows = [
        {
            "prompt": item.base.canary_slug,
            "index": item.base.idx,
            "seed": item.base.seed,
            "base": item.base.text,
            "run": item.adapter.text,
            "verdict": _verdict(item),
            "masked": item.masked,
            "annotations": [
                {
                    "of": name,
                    "kind": note.kind,
                    "label": note.label,
                    "start": note.start,
                    "end": note.end,
                    "body": note.body,
                    "value": note.value,
                }
                for name, sample in (("base", item.base), ("run", item.adapter))
                for note in view.annotations.get(sample.id, ())
            ],
        }
        for item in view.comparisons
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _verdict(item: Comparison) -> str:
    return {None: "none yet", "left": "base", "right": "run", "tie": "tie", "both bad": "both bad"}[item.verdict]


def write_exports(
    project: Project, contents: Mapping[Path, bytes], *, force: bool = False, dry_run: bool = False
) -> None:
    """Write files, replacing those that an export wrote and nobody changed since.

    Args:
        project: remembers what it wrote.
        contents: the files, in the order they are written in.
        force: replace whatever stands there.
        dry_run: write nothing; what stands in the way is refused all the same.

    Raises:
        WouldReplaceError: something else stands under some of the names; all are named, and nothing is written.
        WorkbenchError: one cannot be read or written.
    """
    foreign = [] if force else [path for path, data in contents.items() if _is_foreign(project, path, data)]
    if foreign:
        raise WouldReplaceError(foreign)
    if dry_run:
        return
    for path, data in contents.items():
        _write_file(path, data)
        program.remember(project.db, _REMEMBERED + str(path.resolve()), hashlib.sha256(data).hexdigest())


def _is_foreign(project: Project, path: Path, data: bytes) -> bool:
    """Say whether a file stands there that says something else, and that no export wrote as it is."""
    try:
        with path.open("rb") as file:
            standing = hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise WorkbenchError(f"{path}: cannot be written: {_why(path, error)}") from error
    written = program.recall(project.db, _REMEMBERED + str(path.resolve()))
    return standing not in (written, hashlib.sha256(data).hexdigest())


def _write_file(path: Path, data: bytes) -> None:
    """Write a file, replacing one of that name in one step.

    Raises:
        WorkbenchError: it cannot be written.
    """
    aside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        aside.replace(path)
    except OSError as error:
        raise WorkbenchError(f"{path}: cannot be written: {_why(path, error)}") from error


def _why(path: Path, error: OSError) -> str:
    """Say what stands in the way of writing a file, and what to do."""
    standing = next((folder for folder in path.parents if folder.exists()), path.parent)
    if path.is_dir():
        return f"{path} is a folder. Name a file in it, or another name."
    if not standing.is_dir():
        return f"{standing} is a file and no folder. Name another folder."
    if error.errno in (errno.EACCES, errno.EPERM, errno.ENOENT, errno.EROFS):
        what = "nothing may be written there" if standing == path.parent else "no folder may be made there"
        return f"{standing} is there, but {what}. Name a folder you may write to, such as exports/ of the project."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk that {standing} lies on is full. Make room there, or name a folder on another disk."
    return f"{standing} does not take it ({error.strerror or error}). Name another folder."
