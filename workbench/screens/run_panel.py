"""What the Runs screen says of the selected run: its title with the phase, its facts, log, samples and spec.

Its validation has a module of its own, `run_validation`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from textual.content import Content

from curation.counted import counted
from workbench.operations.clock import clock
from workbench.screens.run_lines import (
    in_words,
    memory,
    number,
    seed_words,
    short_name,
    shown_value,
    size_words,
    state_of,
)
from workbench.widgets.plain import one_line, visible, wrap

if TYPE_CHECKING:
    from store.samples import Sample
    from workbench.operations.running import RunView
    from workbench.widgets.text_view import Lines

VIEWS = ("curve", "log", "samples", "validation", "spec")
_BAR = 16
_LOG_LINES = 2000
_DIM = "$foreground-muted"


def title_line(view: RunView, width: int) -> Content:
    """Name the run, its status, and how far its phase is, with a bar."""
    glyph, word, style = state_of(view.row)
    if view.row.unreached_at:
        word = f"not reached since {clock(view.row.unreached_at)}"
    end = Content("")
    if view.phase is not None and not view.over:
        name, done, total = view.phase
        filled = round(_BAR * done / total) if total else 0
        count = f" {done} of {total}" if total else f" {done}" if done else ""
        end = Content.assemble(
            (f"{name} ", ""),
            ("━" * filled, "$accent"),
            ("─" * (_BAR - filled), "$foreground-disabled"),
            (count, _DIM),
        )
    start = Content.assemble(
        (short_name(view.row.name, max(12, width - end.cell_length - max(16, len(word) + 6))), "bold"),
        "  ",
        (f"{glyph} {word}", style),
    )
    return start + " " * max(2, width - start.cell_length - end.cell_length) + end


def _shortage(shortage: dict[str, Any]) -> str:
    """Say what was asked of the memory, and which key makes a copy that fits."""
    from workbench.operations.forecasting import in_words as bytes_in_words

    had = shortage.get("usable_bytes")
    room = f" of {bytes_in_words(had)}" if had else ""
    words = f"{bytes_in_words(shortage['used_bytes'])}{room} in use, pairs of up to {shortage['tokens']} tokens"
    return f"{words}: f launches a copy that fits." if shortage["alternatives"] else f"{words}."


def facts(view: RunView) -> Content:
    """Say what went wrong first, then what it differs in, then the numbers."""
    from store.runs import SMOKE_NOTE

    row = view.row
    parts: list[tuple[str, str] | str] = _of_the_host(view)
    if row.status == "failed":
        said = visible(view.error) if view.error else "The job ended without saying why."
        parts += [(f"✗ {said}\n", "bold $text-error")]
        if view.shortage:
            parts += [(f"  {_shortage(view.shortage)}\n", "$text-warning")]
        again = "resumes it from its checkpoint" if view.checkpoints else "starts it again"
        parts += [(f"  l shows its log, R {again}, r launches a changed copy.\n", _DIM)]
    elif row.status in ("killed", "stopped"):
        ended = "It was killed." if row.status == "killed" else "It was asked to stop."
        parts += [(f"{ended} ", "$text-warning"), ("What it wrote stands; R resumes it.\n", _DIM)]
    if view.carried:
        parts += [(f"{visible(view.carried)}\n", "$text-warning" if view.row.status == "submitted" else "")]
    parts += [(f"! {visible(message)}\n", "$text-warning") for message in view.warnings[-3:]]
    if view.early:
        parts += [(f"Ended early. {visible(view.early)}\n", "$text-warning")]
    if row.parent:
        parts += [(f"{in_words(view.differences, view.variables)}\n", "")]
    if row.smoke:
        parts.append((f"{SMOKE_NOTE}\n", _DIM))
    if row.note:
        parts += [("note  ", _DIM), f"{_first_line(row.note)}\n"]
    data = f"dataset {row.dataset_number}" if row.dataset_number is not None else "no dataset"
    if row.task == "score":
        of = f"the adapter of {view.spec.adapter.run}" if view.spec and view.spec.adapter else "the base"
        parts += [(f"{of} on the held-out pairs of {data}\n{one_line(row.model)} · {one_line(row.place)}", _DIM)]
        return Content.assemble(*parts)
    prompts = "no canary prompts" if row.canary_version is None else f"canary prompts {row.canary_version}"
    if view.imported:
        parts += [(f"{one_line(row.model)} · {prompts} · made elsewhere\n{counted(row.samples, 'sample')}", _DIM)]
        return Content.assemble(*parts)
    parts += [(f"{one_line(row.model)} · {data} · {prompts} · {one_line(row.place)}", _DIM)]
    parts += [(f" · attempt {view.attempts}\n" if view.attempts > 1 else "\n", _DIM)]
    saved = f"checkpoint at step {view.checkpoints[-1].step}" if view.checkpoints else "no checkpoint"
    if len(view.checkpoints) > 1:
        saved = f"{counted(len(view.checkpoints), 'checkpoint')}, last at step {view.checkpoints[-1].step}"
    if view.best is not None:
        saved += f", best at step {view.best[0]} ({number(view.best[1])})"
    counts = [f"memory {memory(view.memory_bytes)}", saved, f"{counted(row.samples, 'sample')}"]
    parts += [(" · ".join(counts), _DIM)]
    return Content.assemble(*parts)


def no_loss(view: RunView) -> str:
    """Say why a run has no loss to draw."""
    if view.imported:
        return "It was made elsewhere, and no table of losses came with it: l shows its samples, and what is known."
    if view.row.task == "sample":
        return "A sample run has no loss: l shows its log, and its samples."
    if view.row.task == "score":
        return "A score is one loss and no curve: l shows it, under validation."
    if view.over:
        return "It ended before its first training step: l shows its log."
    return "No loss yet: it comes with the first training step."


def _of_the_host(view: RunView) -> list[tuple[str, str] | str]:
    """Say why a run's host cannot be asked, and what is still to come from it."""
    from workbench.operations.forecasting import in_words as bytes_in_words

    contact = view.contact
    if contact is None:
        return []
    parts: list[tuple[str, str] | str] = []
    if contact.note:
        parts += [(f"{visible(contact.note)}\n", "" if contact.state == "running" else "$text-warning")]
    if contact.problem and not contact.whole:
        parts += [(f"? {visible(contact.problem)}\n", "$text-warning")]
    if view.row.unreached_at:
        was = f"It was {view.row.status} then, and its job needs no connection. It is asked again and again; "
        parts += [(f"  {was}K counts it as killed.\n", _DIM)]
    elif view.over and not contact.whole and not view.row.carried:
        size = f" {bytes_in_words(contact.coming_bytes)}" if contact.coming_bytes else ""
        parts += [(f"Its last files{size} are still to come from {one_line(view.row.place)}.\n", _DIM)]
    elif contact.coming_bytes:
        size = bytes_in_words(contact.coming_bytes)
        parts += [(f"Checkpoints are on their way: {size} still to come from {one_line(view.row.place)}.\n", _DIM)]
    return parts


def tabs_line(current: str, view: RunView | None, samples: int) -> Content:
    """Name the views, the current one marked."""
    parts: list[Content | str] = []
    for name in VIEWS:
        label = f"{name} {samples}" if name == "samples" and samples else name
        style = "bold $accent underline" if name == current else _DIM
        parts += [Content.styled(label, f"{style} @click=screen.view('{name}')"), "   "]
    if view is not None and view.row.last_step is not None and current != "curve":
        text = f"step {view.row.last_step}  loss {number(view.row.last_loss)}  val {number(view.row.val_loss)}"
        parts.append(Content.styled(text, _DIM))
    return Content.assemble(*parts)


def log_lines(text: str, width: int) -> Lines:
    """Lay out the end of a log."""
    if not text.strip():
        return [Content.styled("Nothing printed yet.", _DIM)]
    shown = visible(text).rstrip("\n")
    lines = [Content(shown[start:end]) for start, end in wrap(shown, width)]
    return lines[-_LOG_LINES:]


def sample_lines(samples: list[Sample], width: int) -> Lines:
    """Lay out samples, the newest kind first: those of the adapter, then of the base."""
    if not samples:
        return [Content.styled("No samples yet. They appear here as the job writes them.", _DIM)]
    lines: Lines = []
    for sample in sorted(samples, key=lambda item: item.of != "adapter"):
        head = f"  sample {sample.idx + 1} · {seed_words(sample)} · {size_words(sample)}"
        step = f" at step {sample.step}" if sample.of == "adapter" and sample.seed is not None else ""
        lines.append(
            Content.assemble((f"{sample.of}{step}", "bold $accent"), f"  {one_line(sample.canary_slug)}", (head, _DIM))
        )
        shown = visible(sample.text)
        lines += [Content(shown[start:end]) for start, end in wrap(shown, min(width, 90))]
        lines.append(Content(""))
    return lines


def spec_lines(view: RunView, width: int) -> Lines:
    """List every field of the spec; what differs from the parent stands out, with the parent's value."""
    if view.spec is None:
        return _known_lines(view, width)
    changed = {path: old for path, old, _ in view.differences}
    lines: Lines = []
    for path, value in _flat(json.loads(view.spec.to_json())):
        if path.startswith("hashes"):
            continue
        text = shown_value(value)
        if path in changed:
            line = Content.assemble(
                (f"{path:<38}", "bold $accent"), (text, "bold"), (f"   parent {shown_value(changed[path])}", _DIM)
            )
        else:
            line = Content.assemble((f"{path:<38}", _DIM), text)
        lines.append(line.truncate(width, ellipsis=True))
    return lines


def _known_lines(view: RunView, width: int) -> Lines:
    """List what the files of a run made elsewhere say of it, whole."""
    lines: Lines = [Content.styled("Made elsewhere: its files say this, and nothing more is known.", _DIM), Content("")]
    for name, text in view.known:
        lines.append(Content.styled(one_line(name), "bold $accent"))
        shown = visible(text)
        lines += [Content(shown[start:end]) for start, end in wrap(shown, width)]
    return lines


def _first_line(text: str) -> str:
    """Return the first line of a note, and a sign where more follows."""
    first, more, rest = text.strip().partition("\n")
    return visible(first) + (" …" if more and rest.strip() else "")


def _flat(data: dict[str, object], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for key, value in data.items():
        found += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return found
