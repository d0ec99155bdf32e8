"""The forms of files the import knows: how each is recognised, and the function that brings it in.

`FORMS` is the one list of them, and the first that recognises a file or a folder has it; Markdown essays come last, as
what is left. Adding a form means adding a module with a `bring_in` and its line here. Each recogniser gets the first
`HEAD_BYTES` of a file, so that looking what a file is costs one short read; a folder is recognised by the names in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from curation.archive import zip_names
from curation.canaries import is_bare
from curation.discover import MAX_BYTES, SUFFIXES, Claim
from curation.errors import EssayError, Problem
from curation.notes import is_notes, is_notes_csv, named_notes
from curation.substack import MAX_ZIP_BYTES, POSTS_CSV, is_posts_csv
from curation.textfile import read_text
from workbench.operations import heads
from workbench.operations.errors import WorkbenchError
from workbench.operations.intake import Intake

HEAD_BYTES = 4096


def _no_file(path: Path, head: bytes) -> bool:
    return False


def _no_folder(path: Path, names: Collection[str]) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of file, or of folder.

    Attributes:
        name: as `workbench import --as` takes it.
        words: what it is, for people, with an article.
        suffixes: the endings, in small letters, of the files that may be one.
        bring_in: reads a path of this form, saves what it holds and says so to the intake; stops when cancelled.
        is_file: says whether a file is one, from its path and its first bytes.
        is_folder: says whether a folder is one, from its path and the names in it; it is not walked then.
        max_bytes: the largest file that is read.
    """

    name: str
    words: str
    suffixes: tuple[str, ...]
    bring_in: Callable[[Intake, Path], None]
    is_file: Callable[[Path, bytes], bool] = _no_file
    is_folder: Callable[[Path, Collection[str]], bool] = _no_folder
    max_bytes: int = MAX_BYTES


def _is_substack(path: Path, head: bytes) -> bool:
    if path.suffix.lower() == ".csv":
        return path.name.lower() == POSTS_CSV and is_posts_csv(head)
    # One that cannot be opened is claimed too, so that it is said what is wrong with it.
    return not head.startswith(b"PK") or any(
        name.rpartition("/")[2] == POSTS_CSV for name in zip_names(path) or [POSTS_CSV]
    )


def _is_substack_folder(path: Path, names: Collection[str]) -> bool:
    return POSTS_CSV in names and is_posts_csv(_head(path / POSTS_CSV))


def _is_prompts(path: Path, head: bytes) -> bool:
    if heads.prompts(path, head):
        return True
    try:
        return heads.begins_with_block(head) and is_bare(read_text(path))
    except EssayError:
        return False


def _is_notes(path: Path, head: bytes) -> bool:
    if path.suffix.lower() == ".csv":
        return is_notes_csv(path, head)
    if not named_notes(path):
        return False
    try:
        return is_notes(path, read_text(path))
    except EssayError:
        return False


def _leave(intake: Intake, path: Path) -> None:
    message = "is what a repository says of itself, and was left out. To have it, import it with `--as essays`."
    intake.leave_out(Problem(str(path), None, message))


def _from(module: str, name: str) -> Callable[[Intake, Path], None]:
    """Return a form's function; its module is loaded when a file of the form is there."""

    def bring_in(intake: Intake, path: Path) -> None:
        found: Callable[[Intake, Path], None] = getattr(import_module(f"workbench.operations.{module}"), name)
        found(intake, path)

    return bring_in


def _pairs(
    name: str, words: str, suffixes: tuple[str, ...], bring_in: str, is_file: Callable[[Path, bytes], bool]
) -> Form:
    """Return a form of a file of pairs, which may be far larger than an essay."""
    taken = _from("import_pairs", bring_in)
    return Form(
        name=name, words=words, suffixes=suffixes, bring_in=taken, is_file=is_file, max_bytes=heads.MAX_PAIR_BYTES
    )


FORMS: tuple[Form, ...] = (
    Form(
        name="substack",
        words="a Substack export, as a zip or unpacked",
        suffixes=(".zip", ".csv"),
        bring_in=_from("import_substack", "bring_in"),
        is_file=_is_substack,
        is_folder=_is_substack_folder,
        max_bytes=MAX_ZIP_BYTES,
    ),
    Form(
        name="readme",
        words="what a repository says of itself: left out",
        suffixes=SUFFIXES,
        bring_in=_leave,
        is_file=heads.readme,
    ),
    _pairs(
        "pairs",
        "pairs in Markdown, each from a line `## pair: slug`",
        SUFFIXES,
        "bring_in_markdown",
        heads.pairs,
    ),
    Form(
        name="prompts",
        words="canary prompts in Markdown, each from a line `## name`",
        suffixes=SUFFIXES,
        bring_in=_from("import_prompts", "bring_in"),
        is_file=_is_prompts,
    ),
    Form(
        name="outputs",
        words="canary outputs that were made elsewhere, as JSON or Markdown",
        suffixes=(*SUFFIXES, ".json"),
        bring_in=_from("import_outputs", "bring_in_outputs"),
        is_file=heads.outputs,
        max_bytes=heads.MAX_PAIR_BYTES,
    ),
    Form(
        name="log",
        words="an experiment log in Markdown, each run from a line `## Run N`",
        suffixes=SUFFIXES,
        bring_in=_from("import_outputs", "bring_in_log"),
        is_file=heads.log,
    ),
    _pairs(
        "jsonl",
        "pairs as JSON lines: chat, prompt and completion, text, Alpaca, ShareGPT",
        (".jsonl", ".ndjson", ".json"),
        "bring_in_jsonl",
        heads.json_pairs,
    ),
    _pairs(
        "csv",
        "pairs as a table, in CSV or tab-separated",
        (".csv", ".tsv"),
        "bring_in_csv",
        heads.csv_pairs,
    ),
    _pairs(
        "parquet",
        "pairs as a table, in Parquet",
        (".parquet",),
        "bring_in_parquet",
        lambda path, head: True,
    ),
    Form(
        name="notes",
        words="notes that were pasted together: one a section between --- lines, or one a row of a CSV",
        suffixes=(*SUFFIXES, ".csv"),
        bring_in=_from("import_notes", "bring_in"),
        is_file=_is_notes,
    ),
    Form(
        name="essays",
        words="an essay or note in Markdown",
        suffixes=SUFFIXES,
        bring_in=_from("import_essays", "bring_in"),
        is_file=lambda path, head: True,
    ),
)


def recognise(path: Path) -> Form | None:
    """Return the form of an ordinary file, or None where it is none that is known."""
    fitting = [form for form in FORMS if path.suffix.lower() in form.suffixes]
    head = _head(path) if fitting else b""
    return next((form for form in fitting if form.is_file(path, head)), None)


def form_named(name: str) -> Form:
    """Return a form by its name.

    Raises:
        WorkbenchError: there is none.
    """
    for form in FORMS:
        if form.name == name:
            return form
    raise WorkbenchError(f"No form of file is named {name!r}. There are: {', '.join(form.name for form in FORMS)}.")


class Forms:
    """Recognises files for the discovery: by `FORMS`, or each as the one form that was asked for."""

    def __init__(self, only: Form | None = None) -> None:
        self._only = only
        forms = FORMS if only is None else (only,)
        self.suffixes: Collection[str] = tuple(dict.fromkeys(suffix for form in forms for suffix in form.suffixes))

    def file(self, path: Path) -> Claim | None:
        """Claim a file for the form that recognises it."""
        return _claim(self._only or recognise(path))

    def folder(self, path: Path, names: Collection[str]) -> Claim | None:
        """Claim a folder for the form that recognises it."""
        forms = FORMS if self._only is None else (self._only,)
        return _claim(next((form for form in forms if form.is_folder(path, names)), None))


def _claim(form: Form | None) -> Claim | None:
    return None if form is None else Claim(form.name, form.max_bytes)


def _head(path: Path) -> bytes:
    """Return the first bytes; of a file that cannot be read, none: the form that is left will say why."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""
