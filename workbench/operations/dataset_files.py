"""Write a frozen dataset to files, in any of the forms that people and trainers read.

All files are made before the first is written, so that a form that cannot say a text writes nothing. Each split is a
file of its own; a split without pairs has none, since loaders refuse an empty one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from curation import jsonl
from curation.card import dataset_card
from curation.counted import counted
from curation.errors import Problem
from curation.filepair import FilePair, Split, tier_named
from curation.pairfile import write_pairfile
from curation.snapshot import Snapshot
from curation.tables import write_csv, write_parquet
from store import datasets
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.exporting import write_exports
from workbench.operations.freezing import snapshot_of
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class DatasetForm:
    """A form that a dataset is written in.

    Attributes:
        name: as `--form` takes it.
        words: what it is, and who reads it.
    """

    name: str
    words: str


FORMS: tuple[DatasetForm, ...] = (
    DatasetForm(name="run", words="train.jsonl, holdout.jsonl, manifest.json, as a run gets them"),
    DatasetForm(name="chat", words="JSON lines of messages, for chat trainers"),
    DatasetForm(name="prompt-completion", words="JSON lines of prompt and completion"),
    DatasetForm(name="text", words="JSON lines of one text, the two parted by ---"),
    DatasetForm(name="alpaca", words="JSON lines of instruction, input, output"),
    DatasetForm(name="sharegpt", words="JSON lines of conversations"),
    DatasetForm(name="markdown", words="pairs to read and edit, imported again as they are"),
    DatasetForm(name="csv", words="a table for spreadsheets"),
    DatasetForm(name="parquet", words="a table in Parquet, for data tools; needs the extra `parquet`"),
    DatasetForm(name="huggingface", words="a dataset folder with a card, private by default"),
)

# What a writer gives: the files by their path in the folder, and what is to be said of their lines.
_Made = tuple[dict[str, bytes], list[Problem]]


@dataclass(frozen=True, kw_only=True)
class DatasetExport:
    """What was written; on a dry run, what would be.

    Attributes:
        number: of the dataset.
        form: its form.
        files: in order.
        said: lines that a format holds otherwise than the pair does, by file and line.
        dry_run: nothing was written.
    """

    number: int
    form: str
    files: tuple[Path, ...]
    said: tuple[Problem, ...]
    dry_run: bool = False

    @property
    def summary(self) -> str:
        """One sentence for the status line."""
        files = counted(len(self.files), "file")
        word = "Would write" if self.dry_run else "Wrote"
        words = f"{word} dataset {self.number} as {self.form}: {files} in {self.files[0].parent}"
        return words + (f", {counted(len(self.said), 'line')} escaped" if self.said else "")


def export_dataset(
    project: Project,
    number: int | None,
    folder: Path,
    *,
    form: str = "run",
    labels: bool = False,
    dry_run: bool = False,
    force: bool = False,
) -> DatasetExport:
    """Write a dataset's files into a folder; those that an export left there are replaced.

    Args:
        project: whose dataset.
        number: the dataset's; None for the newest.
        folder: made where it is not there.
        form: the name of one of `FORMS`.
        labels: with JSON lines, whether each row also says tier, source and split.
        dry_run: make all of it and write nothing.
        force: replace files of these names that are somebody's own, too.

    Raises:
        NothingToDoError: nothing was frozen yet.
        WorkbenchError: there is no such dataset or form, or the folder cannot be written.
        WouldReplaceError: files of somebody's own stand under these names, and `force` is not given.
        CurationError: the form cannot say some of the texts, all of which are named, or the library for it is not
            installed; nothing is written.
    """
    if form not in {item.name for item in FORMS}:
        raise WorkbenchError(f"No form is named {form!r}. There are: {', '.join(item.name for item in FORMS)}.")
    rows = {row.number: row for row in datasets.rows(project.db)}
    if number is None:
        if not rows:
            raise NothingToDoError(
                "Nothing is frozen yet: freeze a dataset in Datasets with f, then export it.",
                on_command_line="Nothing is frozen yet: `workbench dataset freeze` makes a dataset, then export it.",
            )
        number = max(rows)
    if number not in rows:
        raise WorkbenchError(f"There is no dataset {number}. See `workbench dataset list`.")
    frozen = snapshot_of(project, rows[number].id)
    name = f"{project.root.name}, dataset {number}"
    contents, said = _make(frozen, form, labels=labels, name=name, folder=folder)
    write_exports(project, {folder / path: data for path, data in contents.items()}, force=force, dry_run=dry_run)
    return DatasetExport(
        number=number,
        form=form,
        files=tuple(folder / path for path in contents),
        said=tuple(said),
        dry_run=dry_run,
    )


def _make(frozen: Snapshot, form: str, *, labels: bool, name: str, folder: Path) -> _Made:
    if form == "run":
        return {
            "train.jsonl": frozen.train_jsonl,
            "holdout.jsonl": frozen.holdout_jsonl,
            "manifest.json": frozen.manifest_json,
        }, []
    sides = _sides(frozen)
    if form == "huggingface":
        return _hub(frozen, sides, name)
    if form == "markdown":
        made = {}
        said: list[Problem] = []
        for side, pairs in sides.items():
            file = f"{side}.md"
            text, escaped = write_pairfile(pairs, title=f"{name}: {side}", path=str(folder / file))
            made[file] = text.encode()
            said += escaped
        return made, said
    if form == "csv":
        return _each(sides, "csv", write_csv), []
    if form == "parquet":
        files = {f"{side}.parquet": pairs for side, pairs in sides.items()}
        return {file: write_parquet(pairs, str(folder / file)) for file, pairs in files.items()}, []
    chosen = cast("jsonl.Form", form)
    return _each(sides, "jsonl", lambda pairs: jsonl.write_jsonl(pairs, form=chosen, labels=labels)), []


def _each(
    sides: dict[Split, list[FilePair]], suffix: str, write: Callable[[Sequence[FilePair]], str]
) -> dict[str, bytes]:
    return {f"{side}.{suffix}": write(pairs).encode() for side, pairs in sides.items()}


def _hub(frozen: Snapshot, sides: dict[Split, list[FilePair]], name: str) -> _Made:
    data: dict[str, bytes] = {}
    files: dict[str, tuple[str, int]] = {}
    for side, pairs in sides.items():
        path = f"data/{side}.jsonl"
        rows = [
            {"prompt": pair.prompt, "completion": pair.response, "tier": pair.tier, "source": pair.source}
            for pair in pairs
        ]
        data[path] = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        files[side] = path, len(data[path])
    whole = [pair for pairs in sides.values() for pair in pairs]
    card = dataset_card(name, whole, content_hash=frozen.content_hash, files=files)
    return {"README.md": card.encode(), **data}, []


def _sides(frozen: Snapshot) -> dict[Split, list[FilePair]]:
    """Return the pairs of each side that has any, train first."""
    sides: dict[Split, list[FilePair]] = {}
    for pair in frozen.pairs:
        sides.setdefault(pair.split, []).append(
            FilePair(
                prompt=pair.prompt,
                response=pair.response,
                tier=tier_named(pair.tier),
                source=pair.source,
                split=pair.split,
            )
        )
    return sides
