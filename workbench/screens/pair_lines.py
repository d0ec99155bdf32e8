"""How pairs are drawn: a line of the list, the line above a pair, and the line of the filters with the progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style

from curation.counted import counted
from curation.doubts import DOUBTFUL
from curation.pace import minutes_left
from curation.quoted import quoted
from workbench.widgets.plain import cell, lines_of, one_line

if TYPE_CHECKING:
    from curation.pairs import Tier
    from store.pairs import PairCounts, PairRow
    from workbench.operations.curating import PairView
    from workbench.operations.tokens import TokenView

MARKS = {
    "proposed": ("·", "$text-muted"),
    "accepted": ("✓", "bold $text-success"),
    "rejected": ("✗", "$text-error"),
    "merged": ("⤴", "$text-muted"),
}

# Before the opening of a pair whose text reads otherwise in its essay now.
_CHANGED = "≠ changed · "

# The filters that tab goes through, in order.
FILTERS = ("proposed", "accepted", "rejected", "flagged", "changed", "all", "over")

TIERS: tuple[tuple[Tier, str], ...] = (
    ("continuation", "what stands before, and how it goes on"),
    ("thesis", "what is meant, and the section that says it"),
    ("note", "a summary in the third person, and the finished note"),
    ("rewrite", "a rough draft, and the finished paragraph"),
)
# What the author writes where a tier's prompt is hers, for the line above the pair.
TO_WRITE = {"thesis": "your thesis", "note": "a summary", "rewrite": "a rough draft"}
# What says a tier where there is little room.
_SHORT_TIERS = {"continuation": "cont", "thesis": "thes", "note": "note", "rewrite": "rewr"}
_FLAGS_WIDTH = 5
# Cells of a title that are still worth reading beside what the pair is.
_TITLE = 12
# What the marks above mean, for the list of all keys.
LEGEND = (
    "Marks: · proposed, ✓ accepted, ✗ rejected, ! flagged, n has a note, h held out, i prompt to write, z skipped, "
    "? doubtful, ≠ its essay changed. over: longer than a model takes. queue: doubtful first."
)


def pairs_said(count: int) -> str:
    """Say a number of pairs."""
    return counted(count, "pair")


def nothing_here(words: str, tier: str, source: str, elsewhere: int) -> str:
    """Say of an empty list what it was narrowed to, and which keys show what there is elsewhere.

    Args:
        words: the words it is narrowed to.
        tier: the tier it is narrowed to.
        source: the title of the essay it is narrowed to.
        elsewhere: pairs of the same filter without words, tier and essay.
    """
    where = (f" of {tier}" if tier else "") + (f" in {source}" if source else "")
    if not elsewhere:
        return f"No pair fits{where}, nor anywhere else. tab shows another filter."
    keys = " ".join("esc" for narrowed in (words, tier, source) if narrowed)
    here = "elsewhere" if source else "of other tiers" if tier and not words else "without these words"
    return f"No pair fits{where}. {pairs_said(elsewhere)} {here}: {keys} shows them, tab another filter."


def pair_line(row: PairRow, width: int, *, tiers: bool = False) -> Content:
    """Lay a pair out as one line of the list: status, what stands out about it, title, tier, opening, words.

    Args:
        row: the pair.
        width: in cells.
        tiers: whether the project has several, so that the line names its own even where there is little room.
    """
    mark, style = MARKS.get(row.status, MARKS["proposed"])
    judged = row.status != "proposed"
    held = row.split == "holdout"
    title_width = 0 if width < 84 else min(26, width // 4)
    tier_width = 13 if width >= 90 else 5 if tiers else 0
    tier = row.tier if width >= 90 else _SHORT_TIERS.get(row.tier, row.tier)
    opening_width = max(8, width - 2 - _FLAGS_WIDTH - 1 - title_width - tier_width - 5)
    text_style = "$text-muted" if judged else "$foreground"
    return Content.assemble(
        (f"{mark} ", style),
        ("!" if row.flagged else " ", "bold $text-warning"),
        ("n" if row.has_note else " ", "bold $text-warning"),
        ("h" if held else " ", "bold $accent"),
        ("i" if not row.prompt_words else " ", "bold $accent"),
        ("z" if row.skipped and not judged else "?" if row.doubt >= DOUBTFUL and not judged else " ", "$text-muted"),
        " ",
        (cell(one_line(row.title), title_width - 1) + " " if title_width else "", "$text-muted"),
        (cell(tier, tier_width), "$text-muted"),
        (_CHANGED if row.changed else "", "bold $text-warning"),
        (
            cell(one_line(row.opening), opening_width - (len(_CHANGED) if row.changed else 0)),
            f"italic {text_style}" if held else text_style,
        ),
        (cell(str(row.response_words), 5, right=True), "$text-muted"),
    )


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the line of the filters says: which filter, its counts, what else narrows the list, how far she is.

    `over` is how many pairs are over the limit of a model; None while they are not all counted. `tiers` says whether
    there are several to choose from. `found` is how many pairs the list holds.
    """

    chosen: str
    counts: PairCounts
    over: int | None = None
    words: str = ""
    source: str = ""
    tier: str = ""
    tiers: bool = False
    found: int = 0
    marked: int = 0
    queue: bool = False
    rate: float | None = None


def filter_line(standing: Standing, width: int) -> Content:
    """Name the filters with their counts, the one in force in brackets, and on the right how far the author is."""
    counts = standing.counts
    total = counts.proposed + counts.accepted + counts.rejected
    numbers: dict[str, int | None] = {
        "over": standing.over,
        "proposed": counts.proposed,
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "flagged": counts.flagged,
        "changed": counts.changed,
        "all": total,
    }
    names = {
        "proposed": "left",
        "accepted": "✓",
        "rejected": "✗",
        "flagged": "!",
        "changed": "≠",
        "all": "all",
        "over": "over",
    }
    narrowed = _narrowed(standing)

    def filters(*, counted: bool) -> list[Content]:
        parts = []
        for name in FILTERS:
            if name == "changed" and name != standing.chosen and not counts.changed:
                continue
            here = name == standing.chosen
            word, number = name if width >= 90 else names[name], numbers[name]
            label = f"{number:,} {word}" if counted and number is not None else word
            # In brackets, so that it is seen where there is no colour.
            content = Content.styled(f"[{label}]" if here else f" {label} ", "bold $accent" if here else "$text-muted")
            parts.append(content.stylize(Style.from_meta({"filter": name})))
        return parts

    line = Content.assemble(*filters(counted=True), *narrowed)
    if line.cell_length > width:
        # What it is narrowed to comes first: the counts of the filters are not of that.
        line = Content.assemble(*filters(counted=False), *narrowed)
    room = width - line.cell_length - 2
    said = next((text for text in _progress(standing, total) if len(text) <= room), "")
    return line + Content.styled(said.rjust(room + 1), "$text-muted") if said else line


def _narrowed(standing: Standing) -> list[Content | tuple[str, str]]:
    """Say how many are found and to what they are narrowed, in which order, and how many are marked."""
    parts: list[Content | tuple[str, str]] = []
    if standing.words or standing.tier or standing.source:
        parts.append((f" {standing.found:,} found ", "bold $accent"))
    if standing.queue:
        parts.append((" queue ", "bold $accent"))
    if standing.tier or standing.tiers:
        tier = Content.styled(f" T {standing.tier or 'tiers'} ", "bold $accent" if standing.tier else "$text-muted")
        parts.append(tier.stylize(Style.from_meta({"tiers": True})))
    if standing.marked:
        parts.append((f" {standing.marked:,} marked ", "bold $accent"))
    if standing.words:
        parts.append((f" with {quoted(one_line(standing.words))}", "$accent"))
    if standing.source:
        parts.append((f" in {one_line(standing.source)} ", "$accent"))
    return parts


def _progress(standing: Standing, total: int) -> list[str]:
    """Say how far she is, the longest way first."""
    left = standing.counts.proposed
    done = total - left
    if not total or not left or not done:
        return []
    minutes = minutes_left(left, standing.rate)
    if standing.rate is None or minutes is None:
        return [f"{done:,} of {total:,} decided", f"{done:,} decided"]
    rate, unit = round(standing.rate), "minute" if minutes == 1 else "minutes"
    return [
        f"{done:,} of {total:,} decided, {rate} a minute, {minutes} {unit} left",
        f"{done:,} decided, {rate}/min, {minutes} min left",
        f"{done:,} decided, {minutes} min left",
        f"{minutes} min left",
    ]


def pair_head(view: PairView, width: int) -> Content:
    """Say above a pair what it is, and how many of the model's tokens it takes."""
    pair, tokens = view.pair, view.tokens
    mark, style = MARKS.get(pair.status, MARKS["proposed"])
    about = "" if tokens.exact else "≈"
    count = f"{about}{tokens.prompt_tokens:,}+{tokens.response_tokens:,} of {tokens.max_length:,}"
    warned = f"⚠{len(view.warnings)} " if view.warnings else ""
    # The title gives way: what the pair is, and what its author said of it, stands whole.
    held = " held" if pair.split == "holdout" else ""
    ways = [
        (f" · {pair.tier}{held}{flagged}{changed}", unit)
        for flagged, changed, unit in (
            (" · flagged" if pair.flagged else "", " · ≠ changed (w)" if pair.changed else "", " tokens"),
            (" · flagged" if pair.flagged else "", " · ≠" if pair.changed else "", " tokens"),
            (" · flagged" if pair.flagged else "", " · ≠" if pair.changed else "", ""),
            (" !" if pair.flagged else "", " ≠" if pair.changed else "", ""),
        )
    ]
    rooms = [width - 3 - cell_len(what) - len(unit) - len(count) - len(warned) for what, unit in ways]
    way = next((n for n, room in enumerate(rooms) if room >= _TITLE), len(ways) - 1)
    (what, unit), room = ways[way], max(0, rooms[way])
    title, count = one_line(pair.title), count + unit
    shown = title if cell_len(title) <= room else cell(title, room).rstrip()
    left = cell(f"{shown}{what}", room + cell_len(what))
    return Content.assemble(
        (f"{mark} ", style),
        left,
        " ",
        (warned, "bold $text-warning"),
        (count, "$text-muted" if tokens.fits else "bold $text-warning"),
    )


def pair_tokens(counts: Sequence[TokenView], width: int) -> list[Content]:
    """Say in one line or two how many tokens each target model takes, those over their limit marked."""
    same = len({view.max_length for view in counts}) == 1
    parts = []
    for view in counts:
        about = "" if view.exact else "≈"
        limit = "" if same else f"/{view.max_length:,}"
        words = f"{one_line(view.name)} {about}{view.total:,}{limit}{'…' if view.pending else ''}"
        if view.fits:
            parts.append(Content.styled(words, "$text-muted"))
        else:
            parts.append(Content.styled(f"⚠ {words}, {view.total - view.max_length} over", "bold $text-warning"))
    if same and counts:
        parts.append(Content.styled(f"of {counts[0].max_length}", "$text-muted"))
    lines = [Content("")]
    for part in parts:
        if lines[-1].cell_length and lines[-1].cell_length + 3 + part.cell_length > width and len(lines) < 2:
            lines.append(Content(""))
        lines[-1] += (Content.styled(" · ", "$text-disabled") if lines[-1].cell_length else Content("")) + part
    return lines


def remarks(warnings: Sequence[str], doubts: Sequence[str], width: int, most: int) -> tuple[list[Content], bool]:
    """Say above a pair what is to be said against it, and why it is doubtful; return whether it stands there whole.

    Args:
        warnings: sentences.
        doubts: a few words each.
        width: in cells.
        most: lines there is room for.
    """
    said = [(one_line(f"⚠ {text}"), "$text-warning") for text in warnings]
    if doubts:
        said.append((f"? {', '.join(doubts)}", "$text-muted"))
    lines = [(line, style) for text, style in said for line in lines_of(text, width)]
    whole = len(lines) <= most
    if not whole:
        # One line each, so that none hides another; what there is no line for goes into the last.
        joined = (" ".join(text for text, _ in said[most - 1 :]), said[most - 1][1]) if len(said) >= most else None
        kept = [*said[: most - 1], joined] if joined else said
        lines = [(cell(text, width).rstrip(), style) for text, style in kept]
    return [Content.styled(line, style) for line, style in lines], whole
