"""A frozen dataset in every form: out, and in again as the same pairs, to the same content hash where all is said."""

from __future__ import annotations

import json
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.widgets import OptionList

from curation.errors import CurationError
from curation.snapshot import SnapshotPair
from store import datasets, pairs
from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from tests.journeys.screens import settle, shown
from workbench.app import WorkbenchApp
from workbench.cli.main import cli
from workbench.operations.canaries import add_canary
from workbench.operations.curating import pair_ids, retag
from workbench.operations.dataset_files import FORMS, DatasetExport, export_dataset
from workbench.operations.errors import NothingToDoError, WorkbenchError, WouldReplaceError
from workbench.operations.exporting_job import export_in_child
from workbench.operations.freezing import freeze, snapshot_of
from workbench.operations.importing import import_paths
from workbench.operations.project import Project
from workbench.operations.reshaping import edit_pair
from workbench.screens.datasets import DatasetsScreen
from workbench.widgets.dialogs import ConfirmDialog

ODD = "One “line”,\u2028and\rone more.\r\n\r\n## pair: no\n\n### response\n\n---"
_NO_PARQUET = pytest.mark.skipif(find_spec("pyarrow") is None, reason="the extra `parquet` is not installed")
NAMES = [pytest.param(form.name, marks=_NO_PARQUET) if form.name == "parquet" else form.name for form in FORMS]
# What says nothing of tier and source group gives the texts back, and no more.
BARE = ("chat", "prompt-completion", "text", "alpaca", "sharegpt")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a frozen dataset of three tiers on both sides, one of its pairs full of marks."""
    project = make_curated_project(tmp_path / "voice")
    ids = pair_ids(project, PairFilter(statuses=("accepted",)))
    retag(project, ids[:2], "note")
    retag(project, ids[2:3], "rewrite")
    edit_pair(project, ids[0], prompt=pairs.get(project.db, ids[0]).prompt, response=ODD)
    freeze(project)
    return project


def members(project: Project) -> tuple[SnapshotPair, ...]:
    row = datasets.rows(project.db)[-1]
    return snapshot_of(project, row.id).pairs


def come_in(tmp_path: Path, folder: Path) -> Project:
    other = Project.create(tmp_path / "other")
    report = import_paths(other, [folder], accept=True)
    assert report.problems == ()
    add_canary(other, prompt="An opening.", slug="a")
    freeze(other)
    return other


@pytest.mark.parametrize("form", NAMES)
def test_out_and_in_again_gives_the_same_pairs(project: Project, tmp_path: Path, form: str) -> None:
    export_dataset(project, None, tmp_path / "out", form=form, labels=form in BARE)
    other = come_in(tmp_path, tmp_path / "out")
    assert members(other) == members(project)
    assert datasets.rows(other.db)[0].content_hash == datasets.rows(project.db)[0].content_hash


@pytest.mark.parametrize("form", BARE)
def test_bare_rows_give_the_same_texts_on_the_same_sides(project: Project, tmp_path: Path, form: str) -> None:
    export_dataset(project, None, tmp_path / "out", form=form)
    other = come_in(tmp_path, tmp_path / "out")
    assert {(item.prompt, item.response, item.split) for item in members(other)} == {
        (item.prompt, item.response, item.split) for item in members(project)
    }


@pytest.mark.parametrize("form", NAMES)
def test_importing_into_its_own_project_changes_nothing(project: Project, tmp_path: Path, form: str) -> None:
    export_dataset(project, None, tmp_path / "out", form=form)
    report = import_paths(project, [tmp_path / "out"])
    assert {item.outcome for item in report.arrivals} == {"same"}


@pytest.mark.parametrize("form", [*BARE, "huggingface"])
def test_every_line_is_one_object_in_utf_8_with_the_same_keys(project: Project, tmp_path: Path, form: str) -> None:
    report = export_dataset(project, None, tmp_path / "out", form=form)
    for path in report.files:
        if path.suffix == ".jsonl":
            lines = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
            assert len({tuple(json.loads(line)) for line in lines}) == 1


def test_escaped_lines_are_said_by_file_and_line(project: Project, tmp_path: Path) -> None:
    report = export_dataset(project, None, tmp_path / "out", form="markdown")
    assert len(report.said) == 2
    for problem in report.said:
        lines = re.split(r"\r\n|\n|\r", Path(problem.path).read_bytes().decode())
        assert lines[(problem.line or 0) - 1].startswith("\\##")
    assert report.summary.endswith("2 lines escaped")


def test_what_a_form_cannot_say_is_named_and_nothing_is_written(project: Project, tmp_path: Path) -> None:
    first = pair_ids(project, PairFilter(statuses=("accepted",)))[0]
    edit_pair(project, first, prompt="a\n\n---\n\nb", response="R")
    freeze(project)
    with pytest.raises(CurationError, match="has a line --- in its prompt"):
        export_dataset(project, None, tmp_path / "out", form="text")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", NAMES)
def test_a_file_of_somebodys_own_is_never_replaced_unasked(project: Project, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    written = export_dataset(project, None, out, form=form).files[0]
    export_dataset(project, None, out, form=form)
    written.write_text("mine\n")
    for dry_run in (True, False):
        with pytest.raises(WouldReplaceError, match="would be lost"):
            export_dataset(project, None, out, form=form, dry_run=dry_run)
    assert written.read_bytes() == b"mine\n"
    export_dataset(project, None, out, form=form, force=True)
    assert written.read_bytes() != b"mine\n"


def test_without_its_library_parquet_is_refused_before_anything_is_written(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CurationError, match=r"train\.parquet: Parquet needs the library pyarrow"):
        export_dataset(project, None, tmp_path / "out", form="parquet")
    assert not (tmp_path / "out").exists()


def test_what_an_export_wrote_is_replaced_by_another_dataset(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_dataset(project, None, out)
    before = (out / "manifest.json").read_bytes()
    first = pair_ids(project, PairFilter(statuses=("accepted",)))[0]
    edit_pair(project, first, prompt="Another prompt.", response="Another response.")
    freeze(project)
    export_dataset(project, None, out)
    assert (out / "manifest.json").read_bytes() != before


def test_the_command_refuses_a_strangers_files_and_takes_force(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "train.jsonl").write_text("{}\n")
    base = ["-p", str(project.root), "export", "dataset", "1", str(out), "--form", "chat"]
    refused = CliRunner().invoke(cli, base)
    assert refused.exit_code == 1
    assert f"{out / 'train.jsonl'}: not as an export of this project left it" in refused.stderr
    assert not (out / "holdout.jsonl").exists()
    assert (out / "train.jsonl").read_text() == "{}\n"
    assert CliRunner().invoke(cli, [*base, "--force"]).exit_code == 0
    assert (out / "train.jsonl").read_text() != "{}\n"


def test_nothing_frozen_no_such_dataset_and_no_such_form_are_named(project: Project, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="There is no dataset 9"):
        export_dataset(project, 9, tmp_path / "out")
    with pytest.raises(WorkbenchError, match="No form is named 'pdf'"):
        export_dataset(project, 1, tmp_path / "out", form="pdf")
    with pytest.raises(NothingToDoError, match="Nothing is frozen yet"):
        export_dataset(Project.create(tmp_path / "empty"), None, tmp_path / "out")


def test_the_command_takes_a_form_and_a_folder_and_a_dry_run_writes_nothing(project: Project, tmp_path: Path) -> None:
    base = ["-p", str(project.root), "export", "dataset"]
    dry = CliRunner().invoke(cli, [*base, "--form", "csv", "--out", str(tmp_path / "out"), "--dry-run"])
    assert dry.exit_code == 0
    assert dry.stdout.splitlines() == [str(tmp_path / "out" / "train.csv"), str(tmp_path / "out" / "holdout.csv")]
    assert "Would write dataset 1 as csv: 2 files" in dry.stderr
    assert not (tmp_path / "out").exists()
    done = CliRunner().invoke(cli, [*base, "1", str(tmp_path / "out"), "--json"])
    assert [Path(path).name for path in json.loads(done.stdout)["files"]] == [
        "train.jsonl",
        "holdout.jsonl",
        "manifest.json",
    ]
    assert CliRunner().invoke(cli, [*base, "1"]).exit_code == 2


def test_an_export_in_a_process_of_its_own_writes_and_says_the_same_and_can_be_cancelled(
    project: Project, tmp_path: Path
) -> None:
    def export(folder: Path, *, cancelled: bool = False) -> DatasetExport | None:
        return export_in_child(
            project, 1, folder, form="markdown", progress=lambda done, total, name: None, cancelled=lambda: cancelled
        )

    here = export_dataset(project, 1, tmp_path / "here", form="markdown")
    there = export(tmp_path / "there")
    assert there is not None
    assert (there.form, len(there.said)) == (here.form, len(here.said))
    assert [path.read_bytes() for path in there.files] == [path.read_bytes() for path in here.files]
    there.files[0].write_text("mine\n")
    with pytest.raises(WouldReplaceError) as refused:
        export(tmp_path / "there")
    assert refused.value.paths == (there.files[0],)
    assert export(tmp_path / "cancelled", cancelled=True) is None


async def test_a_dataset_is_exported_by_keys(project: Project) -> None:
    app = WorkbenchApp(project, project.root, screen="datasets")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(
            pilot, lambda: len(app.screen.query("#dataset-list")) > 0 and app.screen.datasets.current is not None
        )
        await pilot.press("x")
        await settle(pilot, lambda: "not frozen yet" in shown(pilot, "StatusLine"))
        await pilot.press("j", "x")
        await settle(pilot, lambda: any("form" in str(title.render()) for title in app.screen.query(".dialog-title")))
        options = app.screen.query_one(OptionList)
        lines = [str(options.get_option_at_index(index).prompt).split()[:2] for index in range(options.option_count)]
        assert lines == [[key, form.name] for key, form in zip("1234567890", FORMS, strict=True)]
        await pilot.press("7", "enter")
        await settle(pilot, lambda: len(app.screen.query("Input")) > 0)
        await pilot.press("enter")
        await settle(pilot, lambda: isinstance(app.screen, DatasetsScreen))
        await settle(pilot, lambda: "Wrote dataset 1 as markdown" in shown(pilot, "StatusLine"))
    assert (project.root / "exports" / "dataset-1-markdown" / "train.md").is_file()


async def test_the_screen_asks_before_it_replaces_what_it_did_not_write(project: Project) -> None:
    standing = project.root / "exports" / "dataset-1-markdown" / "train.md"
    standing.parent.mkdir(parents=True)
    standing.write_text("mine\n")
    app = WorkbenchApp(project, project.root, screen="datasets")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(
            pilot, lambda: len(app.screen.query("#dataset-list")) > 0 and app.screen.datasets.current is not None
        )
        for answer in ("n", "y"):
            if answer == "n":
                await pilot.press("j")
            await pilot.press("x")
            await settle(pilot, lambda: len(app.screen.query(".dialog-title")) > 0)
            await pilot.press("7", "enter")
            await settle(pilot, lambda: len(app.screen.query("Input")) > 0)
            await pilot.press("enter")
            await settle(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            await pilot.press(answer)
            await settle(pilot, lambda: isinstance(app.screen, DatasetsScreen))
            if answer == "n":
                assert standing.read_text() == "mine\n"
        await settle(pilot, lambda: "Wrote dataset 1 as markdown" in shown(pilot, "StatusLine"))
    assert standing.read_text() != "mine\n"
