"""How the launch form is drawn: its title, a line for each field, and what stands under the field at the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from workbench.screens.run_lines import short_name
from workbench.widgets.plain import cell, one_line

if TYPE_CHECKING:
    from workbench.operations.drafting import Form, Line

# The path of the last line, which is no field: it launches.
LAUNCH = "launch"
_NAME_WIDTH = 37
# Where the value of a field begins in the list, in cells: behind the place of the cursor, and the name.
VALUE_AT = _NAME_WIDTH + 2
_DIM = "$foreground-muted"
_TITLES = {
    "train": "a training run",
    "sample base": "samples of the base",
    "sample adapter": "samples of an adapter",
    "score base": "a score of the base",
    "score adapter": "a score of an adapter",
}


def title_line(form: Form) -> Content:
    """Say what is launched, and what it is a copy of."""
    parent = form.draft.spec.parent
    copied = f"a copy of {short_name(parent, 36)}" if parent else "from the defaults"
    return Content.assemble(("Launch ", "bold"), (_TITLES[form.kind], "bold"), (f"  {copied}", _DIM))


def form_line(line: Line, width: int) -> Content:
    """Lay a field out as one line: name, value, then what is wrong with it, or the parent's value."""
    if line.path == LAUNCH:
        return Content.styled("Launch", "bold $accent")
    section, _, name = line.path.rpartition(".")
    prefix = f"{section}." if section else ""
    room = max(8, (width - _NAME_WIDTH) // 2)
    value = f"‹ {one_line(line.value)} ›" if line.choices else one_line(line.value)
    changed = bool(line.parent)
    parts: list[tuple[str, str] | str] = [
        (prefix, "$foreground-disabled"),
        (cell(name, _NAME_WIDTH - len(prefix)), "bold" if changed else _DIM),
    ]
    if line.problem:
        parts += [(value, "bold $text-error"), (f"  ✗ {one_line(line.problem)}", "$text-error")]
    elif changed:
        parts += [(cell(value, max(room, len(value) + 2)), "bold $accent"), (f"parent {one_line(line.parent)}", _DIM)]
    else:
        parts += [value or "–"]
    return Content.assemble(*parts).truncate(width, ellipsis=True)


def explanation(line: Line | None) -> Content:
    """Say what a field does, after what is wrong with its value."""
    if line is None:
        return Content("")
    problem = (f"✗ {line.problem}\n", "bold $text-error") if line.problem else ""
    return Content.assemble(problem, (line.explanation, _DIM))
