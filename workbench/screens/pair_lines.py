"""How pairs are drawn: a line of the list, the line above a pair, the line of the filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style

from workbench.widgets.plain import cell, one_line

if TYPE_CHECKING:
    from store.pairs import PairCounts, PairRow
    from workbench.operations.curating import PairView

MARKS = {
    "proposed": ("·", "$text-muted"),
    "accepted": ("✓", "bold $text-success"),
    "rejected": ("✗", "$text-error"),
    "merged": ("⤴", "$text-muted"),
}

# The filters that tab goes through, in order.
FILTERS = ("proposed", "accepted", "rejected", "flagged", "all")

TIERS = (
    ("rewrite", "a flat paragraph, and the author's own words for it"),
    ("thesis", "a sentence that says what is meant, and the paragraph that says it"),
    ("continuation", "what stands before, and how it goes on"),
    ("note", "a note, whole"),
)


def pair_line(row: PairRow, width: int) -> Content:
    """Lay a pair out as one line of the list."""
    mark, style = MARKS.get(row.status, MARKS["proposed"])
    flags = ("!" if row.flagged else " ") + ("n" if row.has_note else " ")
    title_width = 0 if width < 84 else min(26, width // 4)
    tier_width = 0 if width < 90 else 13
    opening_width = max(8, width - 2 - 3 - title_width - tier_width - 5)
    judged = row.status != "proposed"
    return Content.assemble(
        (f"{mark} ", style),
        (f"{flags} ", "bold $text-warning"),
        (cell(one_line(row.title), title_width - 1) + " " if title_width else "", "$text-muted"),
        (cell(row.tier, tier_width), "$text-muted"),
        (cell(one_line(row.opening), opening_width), "$text-muted" if judged else "$foreground"),
        (cell(str(row.response_words), 5, right=True), "$text-muted"),
    )


def filter_line(chosen: str, counts: PairCounts, *, words: str, source: str, marked: int, width: int) -> Content:
    """Name the filters with their counts, the one in force marked, and what else narrows the list."""
    numbers = {
        "proposed": counts.proposed,
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "flagged": counts.flagged,
        "all": counts.proposed + counts.accepted + counts.rejected,
    }
    names = {"proposed": "left", "accepted": "✓", "rejected": "✗", "flagged": "!", "all": "all"}
    parts: list[Content | str | tuple[str, str]] = []
    for name in FILTERS:
        label = f"{numbers[name]:,} {name if width >= 74 else names[name]}"
        style = "bold $accent underline" if name == chosen else "$text-muted"
        parts += [Content.styled(label, style).stylize(Style.from_meta({"filter": name})), "  "]
    if marked:
        parts.append((f"{marked} marked  ", "bold $accent"))
    if source:
        parts.append((f"in {one_line(source)}  ", "$accent"))
    if words:
        parts.append((f"with {words!r}", "$accent"))
    return Content.assemble(*parts)


def pair_head(view: PairView, width: int) -> Content:
    """Say above a pair what it is, and how many of the model's tokens it takes."""
    pair, tokens = view.pair, view.tokens
    mark, style = MARKS.get(pair.status, MARKS["proposed"])
    about = "" if tokens.exact else "≈"
    count = f"{about}{tokens.prompt_tokens}+{tokens.response_tokens} of {tokens.max_length} tokens"
    split = " held" if pair.split == "holdout" else ""
    left = f"{one_line(pair.title)} · {pair.tier}{split}{' · flagged' if pair.flagged else ''}"
    warned = f"⚠{len(view.warnings)} " if view.warnings else ""
    room = max(4, width - len(count) - len(warned) - 3)
    return Content.assemble(
        (f"{mark} ", style),
        cell(left, room),
        " ",
        (warned, "bold $text-warning"),
        (count, "$text-muted" if tokens.fits else "bold $text-warning"),
    )
