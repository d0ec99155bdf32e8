"""What Review does beside judging: marks, notes, ratings, tags, flags on a side's sample; what lies over; the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import on

from curation.counted import counted
from workbench.screens.base import ProjectScreen
from workbench.screens.kept_text import KEPT, KeptText, take_left
from workbench.screens.review_lines import LETTERS, SIDES, Side, Stand, side_name
from workbench.screens.run_lines import short_name
from workbench.widgets.sample_text import LABEL_NAMES, SampleText

if TYPE_CHECKING:
    from store.search import Hit


# What a note is kept under while it is typed.
NOTE = "review.note"


class AnnotatingScreen(ProjectScreen):
    """A screen of two samples, one of which has the focus."""

    def __init__(self) -> None:
        super().__init__()
        self._stand: Stand | None = None
        self._wanted: str | None = None
        self._wanted_pair: tuple[str, int] | None = None

    def open_run(self, run: str) -> None:
        """Review this run when the screen is shown next."""
        self._wanted = run
        if self.is_current:
            self.on_project_changed()

    def go_to_found(self, hit: Hit) -> None:
        """Review the run of a sample that was found, at that sample."""
        self._wanted, self._wanted_pair = hit.run, (hit.prompt, hit.index)

    @property
    def side(self) -> Side:
        """The side that has the focus."""
        return "right" if self._text("right").has_focus else "left"

    def _text(self, side: Side) -> SampleText:
        return self.query_one(f"#{side}", SampleText)

    def action_mark(self) -> None:
        """Begin to mark a span."""
        if not self._text(self.side).begin():
            self.say("This sample is empty: there is no word to mark.", "warning")

    @on(SampleText.Marked)
    def _marked(self, event: SampleText.Marked) -> None:
        from workbench.operations.reviewing import add_mark

        if self._stand is None:
            return
        sample, project = self._stand.sample(_side_of(event.pane)).id, self.project
        name = LABEL_NAMES.get(event.label, event.label)
        self._change(
            lambda: add_mark(project, sample, event.label, event.start, event.end),
            f"Marked {name}. m marks another, u takes this one back.",
        )

    @on(SampleText.Removed)
    def _removed(self, event: SampleText.Removed) -> None:
        from workbench.operations.reviewing import remove_annotation

        project = self.project
        name = LABEL_NAMES.get(event.mark.label, event.mark.label)
        self._change(lambda: remove_annotation(project, event.mark.id), f"Removed {name}. u brings it back.")

    def _change(self, operation: Callable[[], Any], said: str) -> None:
        def done(_result: object) -> None:
            self.say(said)
            self.on_project_changed()

        self.act(operation, done)

    def action_note(self) -> None:
        """Write the note of the focused side's sample."""
        from workbench.operations.reviewing import set_note
        from workbench.widgets.note_dialog import NoteDialog

        stand = self._stand
        if stand is None or stand.comparison is None:
            return
        side, project = self.side, self.project
        sample = stand.sample(side).id
        whose = whose_sample(stand, side)

        keeping = KeptText(self.app, NOTE, sample=sample)

        def operate(text: str) -> None:
            from workbench.operations import guide

            set_note(project, sample, text)
            guide.remember(project, NOTE, None)

        def done(text: str | None) -> None:
            if text is None:
                keeping.drop()
                return
            keeping.end()
            self._change(lambda: operate(text), "Noted." if text.strip() else "Note removed.")

        title = f"Note on the sample of {whose}"
        words = "An empty note is removed."
        self.app.push_screen(NoteDialog(title, words, value=stand.note(side), typed=keeping.typed), done)

    def take_note(self) -> None:
        """Take in a note that a killed program left unfinished."""
        project = self.project

        def take(kept: dict[str, Any]) -> str:
            from workbench.operations.reviewing import set_note

            if not isinstance(sample := kept.get("sample"), int):
                return ""
            set_note(project, sample, str(kept.get("text", "")))
            return KEPT

        take_left(self, NOTE, take)

    def action_rate(self) -> None:
        """Rate the focused side's sample by the author's own criteria."""
        stand, project = self._stand, self.project
        if stand is None or stand.comparison is None:
            return
        side = self.side
        sample, title = stand.sample(side).id, f"Rate the sample of {whose_sample(stand, side)}"

        def ask() -> tuple[tuple[str, str], ...]:
            from workbench.operations.rating import criteria

            return criteria(project)

        def tell(criterion: str, value: int | None) -> None:
            from workbench.operations.rating import rate

            self.act(lambda: rate(project, sample, criterion, value), lambda _: self.on_project_changed())

        def show(found: tuple[tuple[str, str], ...]) -> None:
            from workbench.widgets.rating_dialog import RatingDialog

            if found:
                self.app.push_screen(RatingDialog(title, found, stand.ratings(side), tell))
            else:
                self.say("There is no criterion to rate by: write some under [rubric] in workbench.toml.", "warning")

        self.ask(ask, show, group="dialog")

    def action_tag(self) -> None:
        """Tag the focused side's sample."""
        stand, project = self._stand, self.project
        if stand is None or stand.comparison is None:
            return
        side = self.side
        sample, title = stand.sample(side).id, f"Tags of the sample of {whose_sample(stand, side)}"

        def ask() -> list[str]:
            from workbench.operations.rating import used_tags

            return [tag for tag, _ in used_tags(project)]

        def done(text: str | None) -> None:
            from workbench.operations.rating import set_tags, tags_in

            if text is not None and tags_in(text) != stand.tags(side):
                self._change(lambda: set_tags(project, sample, text), "Tagged. u takes it back.")

        def show(used: list[str]) -> None:
            from workbench.widgets.tag_dialog import TagDialog

            self.app.push_screen(TagDialog(title, tags=stand.tags(side), used=used), done)

        self.ask(ask, show, group="dialog")

    def action_flag(self) -> None:
        """Flag the focused side's sample, or take the flag off."""
        from workbench.operations.reviewing import toggle_flag

        if self._stand is not None:
            sample, project = self._stand.sample(self.side).id, self.project
            self._change(lambda: toggle_flag(project, sample), "Flag changed. u takes it back.")

    def action_copy(self) -> None:
        """Copy the focused side's text."""
        if self._stand is not None:
            self.app.copy_to_clipboard(self._stand.sample(self.side).text)
            self.say(f"Copied the text of {LETTERS[self.side]}.")

    def action_replay(self) -> None:
        """Replay how the canvases of this pair filled, the focused side's first."""
        from workbench.screens.replay import Replayed, ReplayedSide, ReplayScreen

        stand = self._stand
        if stand is None or stand.comparison is None:
            return
        sample = stand.comparison.base
        left, right = (ReplayedSide(sample_id=stand.sample(side).id, name=side_name(stand, side, 40)) for side in SIDES)
        title = f"replay · pair {stand.index + 1} of {len(stand.view.comparisons)} · {sample.canary_slug}"
        self.app.push_screen(
            ReplayScreen(
                Replayed(
                    title=f"{title} · sample {sample.idx + 1}",
                    left=left,
                    right=right,
                    side=self.side,
                    hidden=stand.hidden,
                )
            )
        )

    def action_blind(self) -> None:
        """Open the blind test of this run: real paragraphs among its texts."""
        from workbench.screens.blind import BlindScreen

        self.app.push_screen(BlindScreen(self._stand.view.run if self._stand else self._wanted))

    def action_choose(self) -> None:
        """Choose another run."""

        def ask() -> list[tuple[str, str]]:
            from workbench.operations.reviewing import reviewable_runs
            from workbench.operations.running import run_rows

            reviewable = set(reviewable_runs(self.project))
            return [
                (row.name, counted(row.samples, "sample")) for row in run_rows(self.project) if row.name in reviewable
            ]

        self.ask(ask, self._show_choice, group="choice")

    def action_newest(self) -> None:
        """Go to the newest run that can be reviewed."""

        def ask() -> str | None:
            from workbench.operations.reviewing import reviewable_runs

            return next(iter(reviewable_runs(self.project)), None)

        def show(run: str | None) -> None:
            if run is None:
                self._show_choice([])
            elif self._stand is not None and run == self._stand.view.run:
                self.say("This is the newest run that can be reviewed.")
            else:
                self._stand = None
                self.open_run(run)

        self.ask(ask, show, group="choice")

    def _show_choice(self, names: list[tuple[str, str]]) -> None:
        from workbench.widgets.dialogs import Choice, ChoiceDialog

        if not names:
            self.say("No run has samples of its adapter and of the base yet. Launch one: press 4, then r.", "warning")
            return
        choices = [Choice(value=name, name=short_name(name, 40), words=words) for name, words in names]
        current = self._stand.view.run if self._stand else None

        def chosen(run: str | None) -> None:
            if run is not None and run != current:
                self._stand = None
                self.open_run(run)

        self.app.push_screen(ChoiceDialog("Review which run?", choices, current=current), chosen)


def whose_sample(stand: Stand, side: Side) -> str:
    """Say whose the sample on a side is, as far as names are shown."""
    return LETTERS[side] if stand.hidden else "the base" if stand.is_base(side) else "the run"


def _side_of(pane: SampleText) -> Side:
    return "right" if pane.id == "right" else "left"
