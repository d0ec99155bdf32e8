"""Export a review as Markdown or JSONL; and write one file, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project
from workbench.operations.reviewing import Comparison, ReviewView, review, tally


def export_review(project: Project, run: str, path: Path) -> Path:
    """Write a run's review to a file: JSONL where the name ends so, else Markdown."""
    view = review(project, run)
    text = _review_jsonl(view) if path.suffix == ".jsonl" else review_markdown(view)
    return write_file(path, text.encode())


def review_markdown(view: ReviewView) -> str:
    """Return a review as Markdown: every pair of samples with its verdict, notes and marks."""
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
            size = "" if sample.tokens is None else f", {sample.tokens} tokens"
            parts.append(f"### {name} (seed {seed}{size})")
            # An indented block shows model output as it is, whatever marks it holds.
            parts.append("\n".join(f"    {line}" for line in sample.text.splitlines()) or "    (nothing)")
            for note in view.annotations.get(sample.id, ()):
                quoted = f" “{sample.text[note.start : note.end]}”" if note.kind == "mark" else ""
                parts.append(f"- {note.label or note.kind}{quoted}{': ' + note.body if note.body else ''}")
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


def write_file(path: Path, data: bytes) -> Path:
    """Write a file, replacing one of that name in one step; return its path.

    Raises:
        WorkbenchError: it cannot be written.
    """
    aside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        aside.replace(path)
    except OSError as error:
        raise WorkbenchError(f"{path}: cannot be written ({error}). Name a folder you may write to.") from error
    return path
