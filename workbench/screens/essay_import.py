"""The keys by which writing comes in: import a path, look first what would come, paste notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from curation.counted import counted
from workbench.screens.base import ProjectScreen
from workbench.screens.kept_text import KeptText
from workbench.screens.shell import CancelledCall, ProgressCall
from workbench.widgets.dialogs import Dialog
from workbench.widgets.page_list import PageList
from workbench.widgets.path_dialog import PathDialog
from workbench.widgets.plain import cell, one_line
from workbench.widgets.text_fields import TextField

if TYPE_CHECKING:
    from curation.errors import Problem
    from store.essays import SourceRow
    from workbench.operations.intake import Arrival, ImportReport

# How many arrivals the look lists; the summary counts them all.
_LISTED = 300
_WORDS = (
    "A folder or a file: Markdown, a Substack export (zip or unpacked), notes, pairs, earlier outputs. "
    "Your files are only read."
)
_PASTE_WORDS = "One note, or several with a line --- between them. Pasting the same again changes nothing."

# What pasted notes are kept under until they are imported.
PASTED = "essays.pasted"

_Part = Content | str | tuple[str, str]


class ImportDialog(PathDialog):
    """Asks for what to import, and whether to look first."""

    KEYS = "→ complete · enter import · ctrl+t look first · esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+t", "look", "look first", show=False)]

    def __init__(self, *, root: Path, value: str) -> None:
        super().__init__("Import", _WORDS, root=root, value=value)
        self.look_first = False

    def action_look(self) -> None:
        """Leave, to look what would come in."""
        self.look_first = True
        self.dismiss(self.query_one(Input).value)


class ImportPreview(Dialog[Literal["import", "also", "accept"]]):
    """Shows what an import would do, file by file, and asks whether to do it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer('import')", "import", show=False),
        Binding("a", "answer('also')", "also what is left out", show=False),
        Binding("p", "answer('accept')", "pairs as accepted", show=False),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]
    KEYS = "enter import · ↑ ↓ scroll · esc leave"
    DEFAULT_CSS = """
    ImportPreview > Vertical { width: 110; }
    ImportPreview VerticalScroll { max-height: 40vh; }
    ImportPreview #preview-also, ImportPreview #preview-accept { margin-top: 1; }
    """

    def __init__(self, report: ImportReport) -> None:
        super().__init__("What would come in")
        self._report = report

    def compose_body(self) -> ComposeResult:
        """Yield the report, and what else could come in."""
        with VerticalScroll():
            yield Static(preview_content(self._report))
        if self._report.choices:
            yield Static(f"a  look at them with {', '.join(self._report.choices)}", id="preview-also", markup=False)
        if self._report.new_pairs:
            words = f"p  import, with its {counted(self._report.new_pairs, 'pair')} accepted: else they are proposals"
            yield Static(words, id="preview-accept", markup=False)

    def action_answer(self, answer: Literal["import", "also", "accept"]) -> None:
        """Leave with the answer."""
        asked = {"import": True, "also": bool(self._report.choices), "accept": bool(self._report.new_pairs)}
        if asked[answer]:
            self.dismiss(answer)


class PasteDialog(Dialog[str]):
    """Takes notes that are pasted or typed."""

    KEYS = "ctrl+s import · esc go back: the text is kept"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "done", "import", show=False)]
    DEFAULT_CSS = """
    PasteDialog TextArea { height: 12; border: none; background: $background; }
    PasteDialog TextArea:focus { border: none; }
    """

    def __init__(self, *, value: str, typed: Callable[[str], None]) -> None:
        """Make the dialog.

        Args:
            value: what was pasted before and not imported.
            typed: takes the text with each key.
        """
        super().__init__("Paste notes", _PASTE_WORDS)
        self._told = value
        self._typed = typed

    def compose_body(self) -> ComposeResult:
        """Yield the place to paste into."""
        yield TextField(self._told, soft_wrap=True, show_line_numbers=False)

    def on_mount(self) -> None:
        """Go on at the end of what was pasted before."""
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)

    @on(TextArea.Changed)
    def _changed(self) -> None:
        text = self.query_one(TextArea).text
        if text != self._told:
            self._told = text
            self._typed(text)

    def action_done(self) -> None:
        """Leave with the text."""
        self.dismiss(self.query_one(TextArea).text)


class ImportKeys(ProjectScreen):
    """The keys of the import; `EssaysScreen`, which binds them, is the only screen made of it."""

    # What was pasted and not imported.
    _pasted = ""

    @property
    def sources(self) -> PageList[SourceRow]:
        """The list of sources."""
        raise NotImplementedError

    def action_import(self) -> None:
        """Ask for a path and import it, or look first what would come in."""
        listed = self.project.settings.essays
        dialog = ImportDialog(root=self.project.root, value=f"{listed[0].rstrip('/')}/" if listed else "")

        def chosen(given: str | None) -> None:
            if given and given.strip():
                path = self.project.root / Path(given.strip()).expanduser()
                if dialog.look_first:
                    self.look_first([path])
                else:
                    self.import_paths([path])

        self.app.push_screen(dialog, chosen)

    def import_paths(
        self, paths: Sequence[Path], also: Sequence[str] = (), *, accept: bool = False, as_edit: bool = True
    ) -> None:
        """Import in the background and list what is wrong."""
        project = self.project

        def operate(progress: ProgressCall, cancelled: CancelledCall) -> ImportReport:
            from workbench.operations.importing_job import import_aside

            return import_aside(
                project, paths, also=also, accept=accept, as_edit=as_edit, progress=progress, cancelled=cancelled
            )

        self.app.background("Import", operate, self._imported)

    def look_first(self, paths: Sequence[Path], also: Sequence[str] = ()) -> None:
        """Read everything in the background, and ask whether to import it."""
        project, app = self.project, self.app

        def operate(progress: ProgressCall, cancelled: CancelledCall) -> ImportReport:
            from workbench.operations.importing_job import import_aside

            return import_aside(project, paths, also=also, dry_run=True, progress=progress, cancelled=cancelled)

        def done(report: ImportReport) -> None:
            def answered(answer: Literal["import", "also", "accept"] | None) -> None:
                if answer in ("import", "accept"):
                    self.import_paths(paths, also, accept=answer == "accept")
                elif answer == "also":
                    self.look_first(paths, [*also, *report.choices])

            app.push_screen(ImportPreview(report), answered)

        self.app.background("Look", operate, done)

    def action_paste(self) -> None:
        """Take pasted notes; what is left without an import stands there the next time."""
        keeping = KeptText(self.app, PASTED)

        def typed(text: str) -> None:
            self._pasted = text
            keeping.typed(text)

        def left(text: str | None) -> None:
            if text is not None:
                keeping.end()
                self._paste(text)
            elif self._pasted.strip():
                self.say("What was pasted is kept and not imported yet: n shows it again.")

        self.app.push_screen(PasteDialog(value=self._pasted, typed=typed), left)

    def recall_pasted(self) -> None:
        """Have at hand what was pasted and not imported before the program was closed."""

        def ask() -> str:
            from workbench.operations import guide

            kept = guide.recall(self.project, PASTED)
            return str(kept.get("text", "")) if isinstance(kept, dict) else ""

        def show(text: str) -> None:
            self._pasted = self._pasted or text

        self.ask(ask, show, group="pasted")

    def _paste(self, text: str) -> None:
        project = self.project

        def operate() -> ImportReport:
            from workbench.operations import guide
            from workbench.operations.import_notes import import_pasted

            report = import_pasted(project, text)
            guide.remember(project, PASTED, None)
            return report

        def done(report: ImportReport) -> None:
            self._pasted = ""
            self._imported(report)

        self.act(operate, done)

    def _imported(self, report: ImportReport) -> None:
        self.app.project_changed()
        self.app.say(report.summary, "warning" if report.problems else "information")
        if report.problems:
            from workbench.widgets.dialogs import TextOverlay

            self.app.push_screen(TextOverlay("What is wrong", problem_list(report)))


def preview_content(report: ImportReport) -> Content:
    """Lay out what would come in: the sum, what is wrong, what comes, what is left out."""
    parts: list[_Part] = [(f"{report.summary}\n", "bold")]
    if report.passed_over:
        parts.append((f"{one_line(report.passed_over_said)}\n", "$text-muted"))
    if report.problems:
        parts += [("\nwrong\n", "$text-warning"), *_problems(report.problems)]
    coming = [item for item in report.arrivals if item.outcome != "same"]
    if coming:
        parts.append(("\n" + _columns("", "what", "words", "¶", "title") + "\n", "$text-muted"))
        parts += [_arrival(item) for item in coming[:_LISTED]]
        if len(coming) > _LISTED:
            parts.append((f"and {len(coming) - _LISTED} more\n", "$text-muted"))
    if report.left_out:
        parts += [("\nleft out\n", "$text-muted"), *_problems(report.left_out)]
    return Content.assemble(*parts)


def problem_list(report: ImportReport) -> Content:
    """Lay out the problems of an import: the file first, then what to do."""
    return Content.assemble(f"{report.summary}\n\n", *_problems(report.problems))


def _arrival(item: Arrival) -> str:
    what = item.what if item.count == 1 else f"{item.count} {item.what}s"
    title = f"{one_line(item.title)}  {one_line(Path(item.path).name)}"
    return _columns(item.outcome, what, f"{item.words:,}", str(item.paragraphs), title) + "\n"


def _columns(outcome: str, what: str, words: str, paragraphs: str, title: str) -> str:
    return f"{cell(outcome, 8)} {cell(what, 9)} {cell(words, 8, right=True)} {cell(paragraphs, 5, right=True)}  {title}"


def _problems(problems: Sequence[Problem]) -> list[_Part]:
    parts: list[_Part] = []
    for problem in problems:
        # The name first: a long path is wrapped, and would be so in the middle of the name.
        path = Path(problem.path)
        place = one_line(path.name) + (f":{problem.line}" if problem.line else "")
        parts += [(place, "bold"), (f"  {one_line(str(path.parent))}\n", "$text-muted")]
        parts.append(f"{one_line(problem.message)}\n")
    return parts
