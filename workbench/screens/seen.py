"""The view of what a model sees: the very tokens of a pair, what is cut, and what training hides of them at each t.

One view for a pair of the list, for those of a frozen dataset, and before a launch; only where the pairs come from and
how the run takes them differs. It lies over its screen, so that the list below stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.screens.base import ProjectScreen
from workbench.screens.seen_lines import seen_facts, seen_fate, seen_lines, seen_mask, seen_prediction
from workbench.widgets.plain import cell, one_line, visible, wrap
from workbench.widgets.status_line import KeyLine, StatusLine
from workbench.widgets.text_view import Lines, TextView

if TYPE_CHECKING:
    from workbench.operations.seen import PairText
    from workbench.operations.sequences import Recipe, SeenPair
    from workbench.operations.targets import Target

_STEP = 0.05


@dataclass(frozen=True, kw_only=True)
class SeenPairs:
    """Which pairs are looked at: ids of the list, or hashes of a frozen dataset.

    Attributes:
        keys: of all that `[` and `]` go through.
        at: which is shown first.
        dataset_id: of the dataset; None for pairs of the list.
        model: the model to begin with; None for the one that runs start from.
        recipe: how the run takes them; None for how the next run of the model would.
    """

    keys: Sequence[int | str]
    at: int = 0
    dataset_id: int | None = None
    model: str | None = None
    recipe: Recipe | None = None


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What was asked for: the models, the one shown, the pair, how it is taken; `problem` where it cannot be."""

    targets: tuple[Target, ...]
    target: Target
    text: PairText
    recipe: Recipe
    seen: SeenPair | None
    problem: str = ""


class SeenScreen(ProjectScreen, ModalScreen[None]):
    """What a model sees of a pair."""

    NAME = "seen"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "slide(-1)", "less", show=False, id="seen.less"),
        Binding("right,l", "slide(1)", "t", key_display="← →", tooltip="hide more: t rises", id="seen.more"),
        *(Binding(str(n), f"jump({n})", f"t 0.{n}", show=False, id=f"seen.t{n}") for n in range(10)),
        Binding("n", "draw(1)", "next draw", tooltip="hide other tokens at the same t", id="seen.draw"),
        Binding("N", "draw(-1)", "draw before", show=False, id="seen.draw-before"),
        Binding("c", "complement", "other mask", tooltip="the mask and its complement", id="seen.complement"),
        Binding("m", "model", "model", tooltip="the next target model", id="seen.model"),
        Binding("i", "each", "ids", tooltip="every token with its place and id", id="seen.ids"),
        Binding("o", "over_long", "over-long", tooltip="refuse, skip or cut what is too long", id="seen.over-long"),
        Binding("e", "eos_padding", "padding", tooltip="what fills a batch up", id="seen.padding"),
        Binding("left_square_bracket", "pair(-1)", "pair before", show=False, id="seen.pair-before"),
        Binding("right_square_bracket", "pair(1)", "pair", key_display="[ ]", tooltip="the next pair", id="seen.pair"),
        Binding("question_mark", "app.help", "all keys", show=False, id="seen.help"),
        Binding("escape,v,q", "leave", "leave", id="seen.leave"),
    ]
    DEFAULT_CSS = """
    SeenScreen { background: $background; layout: vertical; }
    SeenScreen > Static { height: 1; padding: 0 2; }
    SeenScreen #seen-title { background: $surface; }
    SeenScreen #seen-text { height: 1fr; border-top: solid $border; }
    """

    def __init__(self, pairs: SeenPairs) -> None:
        super().__init__()
        self._pairs = pairs
        self._at = pairs.at
        self._model = pairs.model
        self._recipe = pairs.recipe
        self._data: _Shown | None = None
        self._t = 0.5
        self._drawn = 1
        self._complement = False
        self._each = False
        self._predicted: int | None = None

    def compose(self) -> ComposeResult:
        """Lay out what is said above the sequence, and the sequence."""
        yield Static("What the model sees …", id="seen-title")
        yield Static("", id="seen-facts")
        yield Static("", id="seen-mask")
        yield Static("", id="seen-fate")
        yield TextView(id="seen-text")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Ask for the pair."""
        self.query_one(TextView).focus()
        self._load()

    def on_resize(self) -> None:
        """Lay the lines above the sequence out for the new width."""
        self.call_after_refresh(self._draw)

    def _load(self) -> None:
        project, key, model, given = self.project, self._pairs.keys[self._at], self._model, self._recipe
        dataset_id = self._pairs.dataset_id

        def ask() -> _Shown:
            from runners.errors import ModelError
            from workbench.operations.counting import CountingError
            from workbench.operations.seen import dataset_pair_text, pair_text, see, usual_recipe
            from workbench.operations.targets import target_of, targets

            every = targets(project)
            chosen = target_of(project, model) if model else every[0]
            recipe = given or usual_recipe(project, chosen)
            if dataset_id is None:
                text = pair_text(project, int(key))
            else:
                text = dataset_pair_text(project, dataset_id, str(key))
            seen, problem = None, ""
            try:
                seen = see(project, chosen, text, recipe)
            except (ModelError, CountingError) as error:
                problem = str(error)
            return _Shown(targets=every, target=chosen, text=text, recipe=recipe, seen=seen, problem=problem)

        self.ask(ask, self._show, group="seen")

    def _show(self, shown: _Shown) -> None:
        before = self._data
        self._data = shown
        seen = shown.seen
        self._predicted = None
        if seen is not None and not seen.hides:
            given = sum(not token.learnt for token in seen.tokens)
            self._predicted = given if given < len(seen.tokens) else None
        self._draw()
        if before is None or before.text != shown.text:
            self.query_one(TextView).scroll_home(animate=False, immediate=True)

    def _draw(self) -> None:
        shown = self._data
        if shown is None:
            return
        width = max(20, self.size.width - 4)
        title = f"What {shown.target.name} sees · {one_line(shown.text.title)}"
        place = f" · {self._at + 1} of {len(self._pairs.keys):,}" if len(self._pairs.keys) > 1 else ""
        self._put("title", Content.assemble((cell(title, width - len(place)), "bold"), (place, "$text-muted")))
        seen = shown.seen
        if seen is None:
            for name in ("facts", "mask", "fate"):
                self._put(name, Content(""))
            self.query_one(TextView).lay(lambda room: _sentence(shown.problem, room))
            return
        from workbench.operations.sequences import hidden, probability

        complement = self._complement and shown.recipe.complementary
        t = round(1 - self._t, 2) if complement else self._t
        flags = hidden(seen, t, draw=self._drawn, complement=complement)
        self._put("facts", seen_facts(seen))
        if seen.hides:
            which = f" · mask {1 + complement} of 2" if shown.recipe.complementary else ""
            mask = seen_mask(seen, flags, t=t, p=probability(t), draw=self._drawn, width=width, which=which)
            self._put("mask", mask)
        elif self._predicted is not None:
            self._put("mask", seen_prediction(seen, self._predicted, width))
        else:
            self._put("mask", Content("Nothing of the response is seen."))
        fate = seen_fate(seen, shown.recipe)
        style = "bold $text-warning" if fate else "$text-muted"
        self._put("fate", Content.styled(fate or _how(seen, shown.recipe), style))
        predicted, each = self._predicted, self._each

        def make(room: int) -> Lines:
            return seen_lines(seen, flags, room, predicted=predicted, each=each)

        self.query_one(TextView).lay(make, keep_scroll=True)

    def _put(self, name: str, content: Content) -> None:
        self.query_one(f"#seen-{name}", Static).update(content, layout=False)

    def action_slide(self, step: int) -> None:
        """Move the slider: t by a twentieth, or the predicted token by one."""
        if self._predicted is not None:
            self._predict(self._predicted + step)
        else:
            step = -step if self._complement else step
            self._t = round(min(1.0, max(0.0, self._t + step * _STEP)), 2)
            self._draw()

    def action_jump(self, tenths: int) -> None:
        """Put t at so many tenths, or the predicted token so far into the response."""
        seen = self._data.seen if self._data else None
        if self._predicted is not None and seen is not None:
            given = sum(not token.learnt for token in seen.tokens)
            self._predict(given + round((len(seen.tokens) - 1 - given) * tenths / 9))
        else:
            self._t = round(1 - tenths / 10, 2) if self._complement else tenths / 10
            self._draw()

    def _predict(self, place: int) -> None:
        seen = self._data.seen if self._data else None
        if seen is not None:
            given = sum(not token.learnt for token in seen.tokens)
            self._predicted = max(given, min(len(seen.tokens) - 1, place))
            self._draw()

    def action_draw(self, step: int) -> None:
        """Draw other tokens at the same t."""
        self._drawn = max(1, self._drawn + step)
        self._draw()

    def action_complement(self) -> None:
        """Show the other of two complementary masks; where the run takes a pair once only, as one that uses them."""
        shown = self._data
        if shown is None or shown.seen is None:
            return
        if not shown.seen.hides:
            self.say("This model is causal: nothing is hidden, so there is no other mask.")
            return
        self._complement = not self._complement
        if shown.recipe.complementary:
            self._draw()
        else:
            self._take(replace(shown.recipe, complementary=True), "complementary_masks on")

    def action_each(self) -> None:
        """Show every token with its id, or the running text."""
        self._each = not self._each
        self._draw()

    def action_model(self) -> None:
        """Show what the next target model sees."""
        shown = self._data
        if shown is None:
            return
        if [item.files.model for item in shown.targets] == [shown.target.files.model]:
            self.say("This project has one target model. Add others with: workbench models add ID")
            return
        names = [item.files.model for item in shown.targets]
        now = shown.target.files.model
        self._model = names[(names.index(now) + 1) % len(names)] if now in names else names[0]
        self._recipe, self._complement = None, False
        self.say(f"Reading the tokenizer of {self._model} …")
        self._load()

    def action_over_long(self) -> None:
        """Take pairs that are too long in another way."""
        from workbench.operations.seen import OVER_LONG

        if self._data is not None:
            now = self._data.recipe
            chosen = OVER_LONG[(OVER_LONG.index(now.over_long) + 1) % len(OVER_LONG)]
            self._take(replace(now, over_long=chosen), f"over_long {chosen}")

    def action_eos_padding(self) -> None:
        """Fill batches up in another way."""
        from workbench.operations.seen import EOS_PADDINGS

        if self._data is not None:
            now = self._data.recipe
            chosen = EOS_PADDINGS[(EOS_PADDINGS.index(now.eos_padding) + 1) % len(EOS_PADDINGS)]
            alone = "; a pair alone in its batch needs none" if now.batch == now.pad_to_multiple_of == 1 else ""
            self._take(replace(now, eos_padding=chosen), f"eos_padding {chosen}{alone}")

    def _take(self, recipe: Recipe, words: str) -> None:
        self._recipe = recipe
        self.say(f"Shown for {words}; the run itself is not changed.")
        self._load()

    def action_pair(self, step: int) -> None:
        """Go to another pair."""
        at = max(0, min(len(self._pairs.keys) - 1, self._at + step))
        if at != self._at:
            self._at = at
            self._load()

    def action_leave(self) -> None:
        """Leave it."""
        self.dismiss(None)


def _how(seen: SeenPair, recipe: Recipe) -> str:
    if not seen.hides:
        return "Causal: a token is learnt from all before it, the response's only."
    words = f"▒ is {seen.mask}; a prompt is never hidden"
    if seen.block_tokens:
        return f"{words}. A token sees its own block of {seen.block_tokens} and those before."
    if (recipe.t_min, recipe.t_max) != (0.0, 1.0):
        words += f" · t from {recipe.t_min:g} to {recipe.t_max:g}"
    if recipe.complementary:
        return f"{words} · the other mask hides the rest"
    return f"{words} · eos_padding {recipe.eos_padding} · batch of {recipe.batch}"


def _sentence(text: str, width: int) -> Lines:
    shown = visible(text)
    return [Content.styled(shown[start:end], "$text-warning") for start, end in wrap(shown, width)]
