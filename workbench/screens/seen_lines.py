"""How the view of what a model sees is drawn: parts by name in the gutter, hidden tokens as blocks, cuts in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from curation.counted import counted
from workbench.widgets.plain import cell, visible
from workbench.widgets.text_view import Lines

if TYPE_CHECKING:
    from workbench.operations.sequences import Recipe, SeenPair, SeenToken

_GUTTER = 10
# The widest a line of tokens gets, in cells.
_MEASURE = 100
_BLOCK = "▒"
_STYLES = {
    "layout": "$text-muted",
    "prompt": "$text-muted",
    "response": "$foreground",
    "turn end": "$foreground",
    "EOS": "bold $text-success",
    "padding": "$text-muted",
    "beyond": "strike $text-error",
}
_NAMES = {"turn end": "response"}

Piece = tuple[str, str]
"""Text that is not broken, and its style."""


def seen_lines(
    seen: SeenPair, hidden: Sequence[bool], width: int, *, predicted: int | None = None, each: bool = False
) -> Lines:
    """Lay the sequence out.

    Args:
        seen: the pair as the model sees it.
        hidden: for each token whether it is hidden.
        width: in cells.
        predicted: for a causal model, the token whose prediction is shown.
        each: a line for every token, with its place and id, in place of running text.
    """
    if each:
        return _each(seen, hidden, width)
    lines: Lines = []
    place = 0
    for part, group in groupby(seen.tokens, key=_part):
        tokens = list(group)
        if part == "padding":
            lines += _padding(seen, tokens, hidden[place:], width)
        else:
            lines += _flow(part, list(_pieces(tokens, hidden[place:], place, predicted)), width)
        place += len(tokens)
    if seen.beyond:
        lines.append(Content.styled("─" * _GUTTER + f" {seen.limit} tokens, the limit " + "─" * 8, "$text-error"))
        pieces = [(shown(token), _STYLES["beyond"]) for token in seen.beyond]
        lines += _flow("not seen", pieces, width, again="✂")
    return lines


def _pieces(tokens: Sequence[SeenToken], hidden: Sequence[bool], begin: int, predicted: int | None) -> Iterator[Piece]:
    before = " "
    for number, (token, is_hidden) in enumerate(zip(tokens, hidden, strict=False)):
        text, style = shown(token), _STYLES[token.part]
        # Tokens within one word are parted; between words the space does it.
        if not token.special and text[:1].isalnum() and before[-1:].isalnum():
            yield "·", "$text-disabled"
        before = text
        if token.special:
            style = f"bold {style}" if "bold" not in style else style
        if is_hidden:
            space = text[: len(text) - len(text.lstrip())]
            ends = "\n" * text.count("\n")
            yield space.replace("\n", "") + _BLOCK * max(1, cell_len(text.strip()) - ends.count("\n")) + ends, "$accent"
        elif predicted is None:
            yield text, style
        elif begin + number == predicted:
            yield "▸", "bold $accent"
            yield text, "reverse"
        elif begin + number > predicted:
            yield _dotted(text), "$text-disabled"
        else:
            yield text, style


def _part(token: SeenToken) -> str:
    return _NAMES.get(token.part, token.part)


def _dotted(text: str) -> str:
    """Return a text that is not seen yet: its shape, without its letters."""
    return "".join("░" if not letter.isspace() else letter for letter in text)


def shown(token: SeenToken) -> str:
    """Return a token's text to draw: line ends marked, control characters visible, special names in brackets."""
    if token.special:
        return f"[{visible(token.text)}]"
    return visible(token.text.replace("\r", "␍")).replace("\n", "⏎\n")


def _flow(part: str, pieces: Sequence[Piece], width: int, *, again: str = "") -> Lines:
    """Break pieces into lines of at most `width` cells, at spaces.

    Args:
        part: named in the gutter of the first line.
        pieces: what is drawn.
        width: in cells, with the gutter.
        again: stands in the gutter of every other line.
    """
    measure = max(8, min(_MEASURE, width - _GUTTER))
    lines: Lines = []
    row: list[Piece] = []
    used = 0

    def finish() -> None:
        nonlocal row, used
        lines.append(Content.assemble((cell(again if lines else part, _GUTTER), "$text-muted"), *row))
        row, used = [], 0

    for word in _unbroken(pieces):
        if word == [("\n", "")]:
            finish()
            continue
        if used and used + sum(cell_len(text) for text, _ in word) > measure:
            finish()
            word = [(word[0][0].lstrip(" "), word[0][1]), *word[1:]]
        for text, style in word:
            for chunk in _chunks(text, measure):
                if used + cell_len(chunk) > measure:
                    finish()
                row.append((chunk, style))
                used += cell_len(chunk)
    if row or not lines:
        finish()
    return lines


def _unbroken(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Give the pieces between two places where a line may be broken together; a line end is one by itself."""
    word: list[Piece] = []
    for text, style in pieces:
        first, *others = text.split("\n")
        for number, stretch in enumerate([first, *others]):
            if word and (number or stretch.startswith(" ")):
                yield word
                word = []
            if number:
                yield [("\n", "")]
            if stretch:
                word.append((stretch, style))
    if word:
        yield word


def _chunks(text: str, measure: int) -> Iterator[str]:
    while cell_len(text) > measure:
        # Half of it in letters always fits in cells.
        yield text[: measure // 2]
        text = text[measure // 2 :]
    yield text


def _padding(seen: SeenPair, tokens: Sequence[SeenToken], hidden: Sequence[bool], width: int) -> Lines:
    names = list(dict.fromkeys(shown(token) for token in tokens))
    words = f"{' '.join(names[:3])}{' …' if len(names) > 3 else ''} ×{len(tokens)} at most, "
    words += f"up to {seen.padded_to:,} tokens, as long as its batch can get: "
    if not seen.learns_padding:
        words += "neither seen nor learnt"
    elif seen.hides:
        words += f"learnt like a response, {sum(hidden[: len(tokens)])} of them hidden"
    else:
        words += "learnt like a response"
    return _flow("padding", [(part, _STYLES["padding"]) for part in _words(words)], width)


def _words(text: str) -> Iterator[str]:
    for number, word in enumerate(text.split(" ")):
        yield f" {word}" if number else word


def _each(seen: SeenPair, hidden: Sequence[bool], width: int) -> Lines:
    lines: Lines = [Content.styled(f"{'place':>6} {'id':>7}  {'part':<9} {'':<7}text", "$text-muted")]
    rows = [(token, flag, "") for token, flag in zip(seen.tokens, hidden, strict=True)]
    rows += [(token, False, "cut") for token in seen.beyond]
    for place, (token, flag, cut) in enumerate(rows):
        state = cut or ("hidden" if flag else "")
        text = shown(token).replace("⏎\n", "⏎")
        style = _STYLES["beyond" if cut else token.part]
        lines.append(
            Content.assemble(
                (f"{place:>6} {token.id:>7}  {token.part:<9} ", "$text-muted"),
                (f"{state:<7}", "$accent"),
                (cell(text.replace(" ", "␠"), max(4, width - 34)), style),
            )
        )
    return lines


def seen_facts(seen: SeenPair) -> Content:
    """Say in one line how long the pair is and what of it is seen."""
    parts = [
        f"{seen.count('layout')} layout",
        f"{seen.count('prompt')} prompt",
        f"{seen.count('response', 'turn end')} response",
        "1 EOS" if seen.has_eos else "no EOS",
    ]
    if seen.count("padding"):
        parts.append(f"≤{seen.count('padding')} padding")
    over = seen.length - seen.limit
    style = "$text-muted" if over <= 0 else "bold $text-warning"
    return Content.assemble((" + ".join(parts), "$text-muted"), (f" · {seen.length:,} of {seen.limit:,} tokens", style))


def seen_fate(seen: SeenPair, recipe: Recipe) -> str:
    """Say what a run does with the pair, in a sentence; empty when it takes it whole."""
    over = len(seen.beyond)
    too_many = f"✂ {counted(over, 'token')} too many"
    if seen.fate == "cut":
        return f"✂ {counted(over, 'token is', 'tokens are')} cut, the EOS with them: no end is learnt from this pair."
    if seen.fate == "refused":
        return f"{too_many}: such a run is refused before it starts (over_long {recipe.over_long})."
    if seen.fate == "left out":
        why = "the prompt fills the limit alone" if recipe.over_long == "cut" else f"over_long {recipe.over_long}"
        return f"{too_many}: a run leaves the whole pair out ({why})."
    return ""


def slider(t: float, width: int) -> str:
    """Draw a slider from 0 to 1."""
    room = max(4, width)
    at = round(t * (room - 1))
    return "━" * at + "●" + "─" * (room - 1 - at)


def seen_mask(
    seen: SeenPair, hidden: Sequence[bool], *, t: float, p: float, draw: int, width: int, which: str = ""
) -> Content:
    """Draw the slider of t with what it hides; `which` says which of two complementary masks it is."""
    learnt = sum(token.learnt for token in seen.tokens)
    words = f" {t:.2f} · p {p:.3f} · {sum(hidden)} of {learnt} hidden · draw {draw}{which}"
    return Content.assemble(
        ("t ", "bold"), (slider(t, min(40, width - cell_len(words) - 2)), "$accent"), (words, "$text-muted")
    )


def seen_prediction(seen: SeenPair, predicted: int, width: int) -> Content:
    """Say for a causal model which token is predicted from what."""
    given = sum(not token.learnt for token in seen.tokens)
    text = shown(seen.tokens[predicted]).replace("⏎\n", "⏎").replace(" ", "␠")
    before = counted(predicted, "token")
    words = f"▸ {text} from the {before} before it, {max(0, predicted - given)} of them of the response"
    learnt = max(1, len(seen.tokens) - given)
    room = min(24, width - cell_len(words) - 2)
    parts = [(f"{slider((predicted - given + 1) / learnt, room)} ", "$accent")] if room >= 8 else []
    return Content.assemble(*parts, (words, "$text-muted"))
