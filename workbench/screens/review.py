"""Review: the base's samples beside a run's, pair by pair; read, judge by one key, mark, note, reveal.

A verdict is drawn at once and written behind, and the next unjudged pair stands there; undo goes back to the pair it
touched. Names are hidden as long as she wishes, and then nothing on the screen tells which side is the run's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.screens.review_annotate import AnnotatingScreen
from workbench.screens.review_columns import Columns
from workbench.screens.review_lines import (
    PROMPT_LINES,
    SIDES,
    Opened,
    Stand,
    head_line,
    prompt_lines,
    side_foot,
    side_head,
    tally_lines,
    verdict_words,
)
from workbench.screens.review_places import (
    KNOWN,
    Answer,
    ask_review,
    first_place,
    kept_place,
    news_words,
    same_place,
    step_of,
    touched_place,
)
from workbench.screens.run_lines import put
from workbench.widgets.plain import visible
from workbench.widgets.sample_text import SampleText
from workbench.widgets.text_view import Lines, TextView

if TYPE_CHECKING:
    from workbench.operations.edits import Reversal
    from workbench.operations.reviewing import Verdict

_HINTS = {
    "start": "mark: go to the first word, then space · d removes a mark · esc leaves",
    "end": "mark: go to the last word, then space · esc starts again",
    "label": "mark as: v voice · c cliché · o collapse · l leak · p copied",
}
_NOT_WHILE_MARKING = frozenset(
    "judge go mark note rate tag mask reveal reference choose newest prompt flag replay blind".split()
)
_NEEDS_PAIR = frozenset("judge mark note rate tag flag copy replay reveal reference prompt side".split())
_LOADING = Content.styled("Opening the review…", "$foreground-muted")


class ReviewScreen(AnnotatingScreen):
    """One run's review."""

    NAME = "review"
    FOLLOWS_RUNS = True
    CSS_PATH = "review.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left", "judge('left')", "better", key_display="← →", tooltip="the left side is better", id="judge.left"
        ),
        Binding(
            "right", "judge('right')", "right better", show=False, tooltip="the right side is better", id="judge.right"
        ),
        Binding("equals_sign", "judge('tie')", "tie", id="judge.tie"),
        Binding("x", "judge('both bad')", "both bad", id="judge.both-bad"),
        Binding(
            "left_square_bracket", "go(-1)", "pair", key_display="[ ]", tooltip="the pair before", id="review.before"
        ),
        Binding("right_square_bracket", "go(1)", "next pair", show=False, tooltip="the next pair", id="review.next"),
        Binding("m", "mark", "mark", tooltip="mark a span of the focused side", id="review.mark"),
        Binding("n", "note", "note", tooltip="note on the focused side's sample", id="review.note"),
        Binding("c", "rate", "rate", tooltip="rate the focused side by your criteria, 1 to 5", id="review.rate"),
        Binding("t", "tag", "tag", tooltip="tags of the focused side's sample", id="review.tag"),
        Binding("M", "mask", "masked", tooltip="hide the names and shuffle the sides, or show them", id="review.mask"),
        Binding("v", "reveal", "reveal", tooltip="show the names of this pair, or hide them", id="review.reveal"),
        Binding("b", "blind", "which are mine", tooltip="which are mine? a blind test of this run", id="review.blind"),
        Binding("R", "reference", "real piece", tooltip="the real piece, under the prompt", id="review.reference"),
        Binding("p", "replay", "replay", tooltip="replay how this pair's canvases filled", id="review.replay"),
        Binding("o", "choose", "other run", tooltip="review another run", id="review.choose"),
        Binding("O", "newest", "newest run", show=False, tooltip="review the newest run", id="review.newest"),
        Binding("tab,shift+tab", "side", "other side", show=False, id="review.side"),
        Binding("enter", "prompt", "whole prompt", show=False, tooltip="the whole prompt", id="review.prompt"),
        Binding("exclamation_mark", "flag", "flag", show=False, tooltip="flag the focused side", id="review.flag"),
        Binding("y", "copy", "copy", show=False, tooltip="copy the focused side's text", id="review.copy"),
        Binding("escape", "back", "back", show=False, id="review.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._masked = False
        self._recalled = False
        self._known: str | None = None
        self._told = ""
        self._follow = False
        self._opened: Opened = ""

    def compose_body(self) -> ComposeResult:
        """Lay out header, prompt, the two sides and what stands under them."""
        yield Static(_LOADING, id="review-head")
        yield TextView(id="prompt")
        with Horizontal(classes="sides"):
            for side in SIDES:
                yield Static("", id=f"head-{side}", classes="side-head")
        with Columns(), Horizontal():
            for side in SIDES:
                with Vertical(classes="column"):
                    yield SampleText(id=side)
        with Horizontal(id="feet"):
            for side in SIDES:
                yield Static("", id=f"foot-{side}", classes="foot")
        yield Static("", id="message")

    def on_mount(self) -> None:
        """Begin on the left, with nothing to see yet; take in a note that a killed program left."""
        self.query_one("#prompt", TextView).can_focus = False
        self.add_class("-message")
        self._text("left").focus()
        self.take_note()

    def on_project_changed(self) -> None:
        """Ask for the review again."""
        standing = self._stand.view.run if self._stand else None
        run, pair, recall, project = self._wanted or standing, self._wanted_pair, not self._recalled, self.project
        known = self._known
        self.ask(
            lambda: ask_review(project, run, pair, recall=recall, known=known),
            self._show_answer,
            group="review",
            failed=self._show_failure,
        )

    def on_reversal(self, reversal: Reversal) -> None:
        """Go to the pair that an undo or redo touched."""
        self._follow = True
        self.on_project_changed()

    def _show_answer(self, answer: Answer) -> None:
        if answer.masked is not None:
            self._masked = answer.masked
        self._recalled = True
        if answer.view is None:
            self._stand = None
            self._show_message(answer.waiting[0] or "There is nothing to review.", answer.waiting[1])
            return
        before, view = self._stand, answer.view
        here = before is not None and before.view.run == view.run
        found, self._wanted, self._wanted_pair = self._wanted_pair, None, None
        if before is not None and here and found is None:
            touched = touched_place(before, view) if self._follow else None
            index = same_place(before, view) if touched is None else touched
            revealed = before.revealed and index == before.index
        else:
            index, revealed = first_place(view, answer.pair), False
        self._follow = False
        self._set(Stand(view=view, index=index, masked=self._masked, revealed=revealed), moved=not here)
        self._tell(answer, step_of(before.view) if before is not None and here else answer.left_step)
        self.refresh_status()

    def _tell(self, answer: Answer, left_step: int | None) -> None:
        """Say once what came since she stood here last, and keep which runs she knows."""
        if answer.known != self._known:
            self._known = answer.known
            self.keep(KNOWN, answer.known)
        said = news_words(answer, left_step)
        if said and said != self._told:
            self.say(said)
        self._told = said

    def next_here(self) -> str:
        """Name what is left to judge of the run that is shown."""
        view = self._stand.view if self._stand else None
        count = len(view.comparisons) if view else 0
        left = count - view.judged if view else 0
        return f"{left} of {count} to judge: ← → the better side, = a tie, x both bad" if left else ""

    def _show_failure(self, sentence: str) -> None:
        self._stand = None
        self._show_message(sentence, "Press o to choose another run.")

    def _show_message(self, what: str, then: str) -> None:
        self.add_class("-message")
        self.query_one("#review-head", Static).update(Content.styled("nothing to review yet", "$foreground-muted"))
        body = Content.assemble((f"{visible(what)}\n\n", "bold"), (visible(then), "$foreground-muted"))
        self.query_one("#message", Static).update(body)
        self.refresh_bindings()

    def _set(self, stand: Stand, *, moved: bool = False) -> None:
        """Stand somewhere and draw it."""
        moved = moved or self._stand is None or stand.index != self._stand.index
        self._stand = stand
        if moved:
            self._opened = ""
            self.keep("place", kept_place(stand))
        self._draw()
        if moved:
            self.query_one(Columns).scroll_to(y=0, animate=False, immediate=True)

    def _draw(self) -> None:
        stand = self._stand
        if stand is None:
            return
        put(self.query_one("#review-head", Static), head_line(stand, self.size.width - 2))
        at_tally = stand.comparison is None
        self.set_class(at_tally, "-message")
        if at_tally:
            from workbench.operations.reviewing import tally

            self.query_one("#message", Static).update(tally_lines(stand, tally(stand.view)))
        else:
            for side in SIDES:
                text = self._text(side)
                text.text = stand.sample(side).text
                text.marks = stand.marks(side)
            self._draw_prompt()
            self._draw_sides()
        self.refresh_bindings()

    def _draw_sides(self) -> None:
        stand = self._stand
        if stand is None or stand.comparison is None:
            return
        width = (self.size.width + 1) // 2 - 1
        for side in SIDES:
            head = side_head(stand, side, width, focused=side == self.side)
            put(self.query_one(f"#head-{side}", Static), head)
            hint = _HINTS.get(self._text(side).state, "")
            put(self.query_one(f"#foot-{side}", Static), side_foot(stand, side, hint), fixed=False)

    def _draw_prompt(self) -> None:
        stand = self._stand
        if stand is None or stand.comparison is None:
            return
        sample, opened = stand.comparison.base, self._opened
        pane = self.query_one("#prompt", TextView)

        def make(width: int) -> Lines:
            lines = prompt_lines(sample, min(width, 100), opened)
            most = self.size.height // 2 if opened else PROMPT_LINES
            height = max(1, min(len(lines), most))
            if height != pane.size.height:
                pane.styles.height = height
            return lines

        pane.set_class(bool(opened), "-open")
        pane.lay(make)

    def on_resize(self) -> None:
        """Lay the lines around the texts out again."""
        self.call_after_refresh(self._draw)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show which side the keys act on."""
        self._draw_sides()

    @on(SampleText.StateChanged)
    def _marking(self, event: SampleText.StateChanged) -> None:
        self._draw_sides()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keep keys that would judge or leave from a span being marked, and those that need a pair from the rest."""
        if action in _NEEDS_PAIR:
            if self._stand is None or self._stand.comparison is None:
                return False
            if action == "reveal" and not self._stand.masked:
                return False
        if action in ("go", "mask") and self._stand is None:
            return False
        own = action in _NOT_WHILE_MARKING
        return not (own and self.is_mounted and self._text(self.side).state != "reading")

    def action_go(self, pairs: int) -> None:
        """Go to another pair; after the last one stands the tally."""
        stand = self._stand
        if stand is not None:
            index = max(0, min(stand.index + pairs, len(stand.view.comparisons)))
            self._set(replace(stand, index=index, revealed=False))

    def action_judge(self, shown: Literal["left", "right", "tie", "both bad"]) -> None:
        """Record a verdict and go on to the next pair without one; ask before it replaces a masked one unmasked."""
        from workbench.operations.reviewing import side
        from workbench.widgets.dialogs import ConfirmDialog

        stand = self._stand
        if stand is None or (comparison := stand.comparison) is None:
            return
        masked = stand.masked
        verdict = side(comparison, shown, masked=masked) if shown == "left" or shown == "right" else shown
        standing = comparison.verdict
        if standing is None or not comparison.masked or stand.hidden:
            self._judge(stand, verdict)
        elif verdict == standing:
            self._go_on(stand, verdict_words(stand, verdict), "It stays as you judged it masked.")
        else:
            dialog = ConfirmDialog(
                f"Replace the masked verdict on pair {stand.index + 1}?",
                f"You judged it with the names hidden: {verdict_words(stand, standing)}. Now they are shown, so "
                f'"{verdict_words(stand, verdict)}" would not count as masked. u would bring the masked one back.',
            )

            def answered(yes: bool | None) -> None:
                if yes and self._stand is not None and self._stand.comparison == comparison:
                    self._judge(self._stand, verdict, replacing=True)

            self.app.push_screen(dialog, answered)

    def _judge(self, stand: Stand, verdict: Verdict, *, replacing: bool = False) -> None:
        from workbench.operations.reviewing import judge

        comparison, hidden, project = stand.comparison, stand.hidden, self.project
        assert comparison is not None
        self.act(
            lambda: judge(project, comparison, verdict, masked=hidden, replace_masked=replacing),
            lambda _: self.refresh_status(),
            failed=lambda _: self.on_project_changed(),
        )
        judged = list(stand.view.comparisons)
        judged[stand.index] = replace(comparison, verdict=verdict, masked=hidden)
        said = verdict_words(stand, verdict)
        self._go_on(replace(stand, view=replace(stand.view, comparisons=tuple(judged))), said, "u takes it back.")

    def _go_on(self, stand: Stand, said: str, then: str) -> None:
        """Go on to the next pair without a verdict, and say what was said of this one, and what becomes of that."""
        index, count = stand.next_unjudged(), len(stand.view.comparisons)
        self._set(replace(stand, index=index, revealed=False))
        where = f"on to {index + 1}" if index < count else "all are judged"
        self.say(f"Pair {stand.index + 1} of {count}: {said}; {where}. {then}")

    def action_side(self) -> None:
        """Give the focus to the other side."""
        self._text("left" if self.side == "right" else "right").focus(scroll_visible=False)

    def action_mask(self) -> None:
        """Hide names and shuffle sides, or show them."""
        self._masked = not self._masked
        self.keep("masked", self._masked)
        # At once: what is said of a sample from now on is written down with who wrote it, or without.
        self._keep_now()
        if self._stand is not None:
            self._set(replace(self._stand, masked=self._masked, revealed=False), moved=True)
        self.say(
            "Masked: names hidden, sides shuffled; a verdict says so."
            if self._masked
            else "Names are shown: base left."
        )

    def action_reveal(self) -> None:
        """Show the names of this pair, or hide them again."""
        stand = self._stand
        if stand is None or stand.comparison is None:
            return
        self._set(replace(stand, revealed=not stand.revealed))
        if self._stand is not None and self._stand.revealed and stand.comparison.verdict is None:
            self.say("Revealed before a verdict: one given now does not count as masked.", "warning")

    def action_reference(self) -> None:
        """Show the real piece under the prompt, or hide it."""
        if self._stand is None or self._stand.comparison is None:
            return
        if not self._stand.comparison.base.reference:
            self.say("There is no real piece to compare with; write one for this prompt in Datasets.", "warning")
            return
        self._open("reference")

    def action_prompt(self) -> None:
        """Show the whole prompt, or three lines of it."""
        self._open("prompt")

    def _open(self, what: Literal["prompt", "reference"]) -> None:
        self._opened = "" if self._opened == what else what
        self._draw_prompt()

    def action_back(self) -> None:
        """Close the prompt; else cancel what is going on."""
        if self._opened:
            self._opened = ""
            self._draw_prompt()
        else:
            self.app.cancel_background()
