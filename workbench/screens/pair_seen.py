"""The key of Pairs that shows what the model sees of a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from workbench.screens.pair_base import PairBase
from workbench.widgets.plain import visible

if TYPE_CHECKING:
    from workbench.operations.curating import SeenView


class SeenKeys(PairBase):
    """What the model sees."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "seen", "what the model sees", show=False, id="pairs.seen"),
    ]

    def action_seen(self) -> None:
        """Show what the model sees of the pair."""
        from workbench.widgets.dialogs import TextOverlay

        pair_id = self.pairs.current
        if pair_id is None:
            return

        def ask() -> SeenView:
            from workbench.operations.curating import seen_by_model

            return seen_by_model(self.project, pair_id)

        def show(view: SeenView) -> None:
            self.app.push_screen(TextOverlay("What the model sees", seen_text(view)))

        self.ask(ask, show, group="seen")


def seen_text(view: SeenView) -> Content:
    """Lay out what the model sees of a pair."""
    tokens = view.tokens
    other = tokens.total - tokens.prompt_tokens - tokens.response_tokens
    rows = (
        ("prompt", tokens.prompt_tokens),
        ("response", tokens.response_tokens),
        ("layout and EOS", other),
        ("together", tokens.total),
        ("limit", tokens.max_length),
    )
    parts: list[Content | str | tuple[str, str]] = [
        f"Counted for {tokens.model}, " + ("by its own tokenizer.\n\n" if tokens.exact else "as an estimate.\n\n")
    ]
    for name, number in rows:
        parts.append((f"{name:<16}{number:>6}\n", "bold" if name == "together" else ""))
    if tokens.fits:
        parts.append(("\nAll of it is seen.", "$text-success"))
    else:
        over = tokens.total - tokens.max_length
        parts.append(
            (f"\n{over} tokens too many. Split it with s, or move the boundary with [ and ].\n", "$text-warning")
        )
        parts.append("What lies beyond the limit:\n\n")
        parts.append((visible(view.cut.strip()) or "the whole response", "$text-muted"))
    return Content.assemble(*parts)
