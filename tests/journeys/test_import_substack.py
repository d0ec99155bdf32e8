"""A Substack export comes in whole: every post that is wanted, every fault named, and nobody's address ever read."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from curation import archive as archive_module
from curation.errors import Problem
from store import essays as stored
from tests import substack_export as export
from workbench.cli.main import cli
from workbench.operations.essays import essay_rows
from workbench.operations.importing import import_paths
from workbench.operations.intake import ImportReport
from workbench.operations.project import Project

LONG = "<p>" + "She kept the ledger in pencil, so that it could be wrong. " * 60 + "</p>"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that holds nothing yet."""
    return Project.create(tmp_path / "voice")


def everything() -> dict[str, bytes]:
    """Return an export with a post of every type, and every fault an export can have."""
    rows = (
        export.row("101.salt", title="Salt", subtitle="Of jars &amp; <em>aunts</em>", section_name="Kitchen"),
        export.row("102.ledgers", title="Ledgers: a life", is_published="TRUE"),
        export.row("103.draft", title="Not yet", is_published="False"),
        export.row("104.talk", title="A talk", type="podcast"),
        export.row("105.thread", title="What do you keep?", type="thread"),
        export.row("106.about", title="About", type="page"),
        export.row("107.again", title="Again", type="restack"),
        export.row("108.newest", title="The newest"),
        export.row("109.odd", title="", is_published="perhaps", post_date="last spring"),
        export.row("101.salt", title="Salt again"),
        export.row("", title="No id"),
        export.row("110.bad", title="Bad bytes"),
        export.row("111.empty", title="Only a button"),
    )
    posts: dict[str, str | bytes] = {
        "101.salt": export.SALT_HTML,
        "102.ledgers": LONG,
        "103.draft": "<p>A draft.</p>",
        "104.talk": "<p>What I said.</p>",
        "105.thread": "<p>A question.</p>",
        "106.about": "<p>About me.</p>",
        "107.again": "<p>Of another.</p>",
        "109.odd": "<p>An odd one.</p>",
        "110.bad": b"<p>One line.</p>\n<p>caf\xe9</p>",
        "111.empty": '<p class="button-wrapper">Share</p>',
        "112.unlisted-post": "<p>Nobody lists me.</p>",
    }
    return export.files(export.posts_csv(*rows, more_columns=("section_name",)), posts)


def said(problems: tuple[Problem, ...], root: Path) -> list[str]:
    return [str(problem).removeprefix(f"{root}/") for problem in problems]


def check_everything(project: Project, report: ImportReport, root: Path) -> None:
    assert report.added == ("salt", "ledgers", "unlisted-post")
    assert [(item.what, item.title, item.paragraphs) for item in report.arrivals] == [
        ("note", "Salt", 4),
        ("essay", "Ledgers: a life", 1),
        ("note", "Unlisted post", 1),
    ]
    starts = [
        "posts.csv:10: is_published is 'perhaps', expected true or false. The post '109.odd' counts as a draft.",
        "posts.csv:10: post_date is 'last spring', expected ISO 8601",
        "posts.csv:11: names the post '101.salt' again (line 2). The first one counts.",
        "posts.csv:12: has no post_id",
        "posts/112.unlisted-post.html: has no row in posts.csv",
        "posts.csv:9: the post “The newest” has no file posts/108.newest.html",
        "posts/110.bad.html:2: is not UTF-8: byte 0xe9",
        "posts/111.empty.html: holds no text, only 1 button-wrapper.",
    ]
    problems = said(report.problems, root)
    assert [problem[: len(start)] for problem, start in zip(problems, starts, strict=True)] == starts
    left_out = said(report.left_out, root)
    assert [line.partition(":")[2].partition(":")[0] for line in left_out[:-1]] == ["4", "5", "6", "7", "8", "10"]
    assert "the post “Not yet” is a draft and is left out. Have it with `--also drafts`." in left_out[0]
    assert "the post “A talk” is a podcast and is left out. Have it with `--also podcast`." in left_out[1]
    assert "1 button-wrapper" in left_out[-1]
    row = next(row for row in essay_rows(project) if row.slug == "salt")
    assert (row.path, row.origin) == ("substack:101.salt", "substack")
    assert stored.text(project.db, row.id) == export.SALT_MARKDOWN
    about = json.loads(project.db.one("SELECT front_matter_json FROM source WHERE slug = 'salt'")[0])
    assert about["subtitle"] == "Of jars & aunts"
    assert about["post_date"] == "2024-02-23T10:00:00.000Z"
    assert about["section_name"] == "Kitchen"
    kinds = [block.kind for block in stored.paragraphs(project.db, row.id)]
    assert kinds == ["prose", "break", "verse", "footnote"]


def test_a_zip_comes_in_whole_with_every_fault_named(project: Project, tmp_path: Path) -> None:
    path = export.write_zip(tmp_path / "export.zip", everything())
    foreseen = import_paths(project, [path], dry_run=True)
    assert essay_rows(project) == []
    report = import_paths(project, [path])
    assert foreseen.arrivals == report.arrivals
    check_everything(project, report, path)
    again = import_paths(project, [path])
    assert (again.added, again.changed, again.same) == ((), (), report.added)


def test_the_unpacked_folder_says_the_same_and_is_the_same_export(project: Project, tmp_path: Path) -> None:
    folder = export.write_folder(tmp_path / "export", everything())
    check_everything(project, import_paths(project, [folder]), folder)
    zipped = export.write_zip(tmp_path / "newer.zip", everything())
    assert import_paths(project, [zipped, folder / "posts.csv"]).added == ()
    assert len(essay_rows(project)) == 3


@pytest.mark.parametrize("inside", ["voice-export/", "a/b/"])
def test_a_zip_with_a_folder_around_it_is_read_too(project: Project, tmp_path: Path, inside: str) -> None:
    contents = export.files(export.posts_csv(export.row("101.salt")), {"101.salt": export.SALT_HTML}, inside=inside)
    contents["__MACOSX/._posts.csv"] = b"\0\0"
    report = import_paths(project, [export.write_zip(tmp_path / "export.zip", contents)])
    assert (report.added, report.problems) == (("salt",), ())
    folder = export.write_folder(tmp_path / "unpacked", {k: v for k, v in contents.items() if "MACOSX" not in k})
    assert import_paths(project, [folder]).same == ("salt",)


def test_what_is_left_out_comes_in_when_asked_for(project: Project, tmp_path: Path) -> None:
    path = export.write_zip(tmp_path / "export.zip", everything())
    report = import_paths(project, [path], also=["drafts", "podcast", "page"])
    assert set(report.added) == {"salt", "ledgers", "unlisted-post", "draft", "talk", "about", "odd"}
    assert len(report.left_out) == 3


def test_a_new_title_in_a_newer_export_changes_the_source_and_nothing_else(project: Project, tmp_path: Path) -> None:
    for title, outcome in (("Salt", "added"), ("On Salt", "changed"), ("On Salt", "same")):
        contents = export.files(export.posts_csv(export.row("101.salt", title=title)), {"101.salt": export.SALT_HTML})
        report = import_paths(project, [export.write_zip(tmp_path / "export.zip", contents)])
        assert [item.outcome for item in report.arrivals] == [outcome]
    assert [row.title for row in essay_rows(project)] == ["On Salt"]


def test_lists_of_other_peoples_addresses_are_never_opened(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    open_in_zip, open_path = zipfile.ZipFile.open, Path.open

    def spy_zip(self: zipfile.ZipFile, name: Any, *args: Any, **options: Any) -> Any:
        opened.append(name if isinstance(name, str) else name.filename)
        return open_in_zip(self, name, *args, **options)

    def spy_path(self: Path, *args: Any, **options: Any) -> Any:
        opened.append(str(self))
        return open_path(self, *args, **options)

    path = export.write_zip(tmp_path / "export.zip", everything())
    folder = export.write_folder(tmp_path / "unpacked", everything())
    broken = export.write_folder(tmp_path / "without list", {k: v for k, v in everything().items() if k != "posts.csv"})
    monkeypatch.setattr(zipfile.ZipFile, "open", spy_zip)
    monkeypatch.setattr(Path, "open", spy_path)
    import_paths(project, [path, folder, broken])
    assert any(name.endswith("101.salt.html") for name in opened)
    assert not [name for name in opened if "email_list" in name or "delivers" in name or "opens" in name]
    # The bytes themselves: not even the system was asked to open them.
    for name in export.PRIVATE:
        (folder / name).chmod(0)
        assert name.encode() not in Path(project.root / "workbench.db").read_bytes()


def test_names_that_lead_out_of_the_zip_are_named_and_not_touched(project: Project, tmp_path: Path) -> None:
    contents = export.files(export.posts_csv(export.row("101.salt")), {"101.salt": export.SALT_HTML})
    odd = {f"../../evil{n}.html": b"x" for n in range(7)} | {"/etc/evil": b"x", "C:\\evil": b"x"}
    report = import_paths(project, [export.write_zip(tmp_path / "export.zip", odd | contents)])
    assert report.added == ("salt",)
    assert len(report.problems) == 6
    assert "'../../evil0.html', which leads out of the zip" in report.problems[0].message
    assert "4 more such names" in report.problems[-1].message
    assert not list(tmp_path.parent.glob("evil*"))


def test_a_bomb_is_read_no_further_than_its_limit(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [export.row(f"{n}.bomb-{n}") for n in range(101, 104)]
    bombs: dict[str, str | bytes] = {f"{n}.bomb-{n}": b"<p>" + b"0" * 25_000_000 for n in range(101, 104)}
    path = export.write_zip(tmp_path / "export.zip", export.files(export.posts_csv(*rows), bombs))
    assert path.stat().st_size < 200_000
    report = import_paths(project, [path])
    assert report.added == ()
    assert [problem.message[:33] for problem in report.problems] == ["has more than the 20 MB that are "] * 3
    monkeypatch.setattr(archive_module, "MAX_TOTAL_BYTES", 30_000_000)
    report = import_paths(project, [path])
    assert [problem.message[:30] for problem in report.problems][1:] == ["unpacks to more than the 30 MB"]


def test_an_encrypted_a_damaged_and_a_foreign_zip_each_get_their_sentence(project: Project, tmp_path: Path) -> None:
    contents = export.files(export.posts_csv(export.row("101.salt")), {"101.salt": export.SALT_HTML * 40})
    path = export.write_zip(tmp_path / "export.zip", contents)
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        post = archive.getinfo("posts/101.salt.html")
    central = data.index(b"PK\x01\x02")
    encrypted = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            encrypted[at + offset] |= 1
            at = data.find(signature, at + 4)
    (tmp_path / "locked.zip").write_bytes(encrypted)
    damaged = bytearray(data)
    damaged[post.header_offset + 60 : post.header_offset + 100] = b"\xff" * 40
    (tmp_path / "damaged.zip").write_bytes(damaged)
    (tmp_path / "cut.zip").write_bytes(data[:central])
    with zipfile.ZipFile(tmp_path / "foreign.zip", "w") as archive:
        archive.writestr("readme.md", "Hello")
    found = {
        name: [problem.message for problem in import_paths(project, [tmp_path / f"{name}.zip"]).problems]
        for name in ("locked", "damaged", "cut", "foreign")
    }
    assert "is encrypted. Unpack the zip with its password" in found["locked"][0]
    assert "is damaged inside the zip" in found["damaged"][0]
    assert "is not a readable zip" in found["cut"][0]
    assert "is nothing that can be imported" in found["foreign"][0]
    assert essay_rows(project) == []


@pytest.mark.parametrize(
    ("csv_bytes", "words"),
    [
        (b"post_id,date\n1.a,x\n", "posts.csv:1: has no column title; found: post_id, date."),
        (b"post_id,title\n1.a,A,extra\n", "posts.csv:2: has 3 columns where the first line names 2."),
        (b"post_id,title\n1.a,\"" + b"x" * 200_000 + b"\"\n", "posts.csv:2: is no CSV from here on (field larger"),
        (b"post_id,title\n1.a,caf\xe9\n", "posts.csv:2: is not UTF-8"),
        (b"\xef\xbb\xbfpost_id,title\r\n1.a,A\r\n", ""),
    ],
)  # fmt: skip
def test_a_list_of_posts_with_a_fault_is_named_by_line(
    project: Project, tmp_path: Path, csv_bytes: bytes, words: str
) -> None:
    path = export.write_zip(tmp_path / "export.zip", export.files(csv_bytes, {"1.a": "<p>Text.</p>"}))
    report = import_paths(project, [path])
    if words:
        assert any(words in str(problem) for problem in report.problems), report.problems
    else:
        assert (report.problems, report.added) == ((), ("a",))


def test_an_import_of_an_export_can_be_cancelled_between_posts(project: Project, tmp_path: Path) -> None:
    path = export.write_zip(tmp_path / "export.zip", everything())
    seen: list[str] = []
    report = import_paths(
        project, [path], progress=lambda done, total, name: seen.append(name), cancelled=lambda: len(seen) > 1
    )
    assert report.cancelled
    assert report.added == ("salt",)


def test_the_command_names_what_is_left_out_and_takes_it_with_also(project: Project, tmp_path: Path) -> None:
    path = export.write_zip(tmp_path / "export.zip", everything())
    arguments = ["-p", str(project.root), "import", str(path)]
    result = CliRunner().invoke(cli, [*arguments, "--dry-run"])
    assert result.exit_code == 0
    assert "posts.csv:4: the post “Not yet” is a draft" in result.stderr
    assert "Would come in: 3 added, 0 changed, 0 as they were, 8 problems, 7 left out" in result.stderr
    assert "draft" in CliRunner().invoke(cli, [*arguments, "--also", "drafts"]).stdout
    unknown = CliRunner().invoke(cli, [*arguments, "--also", "nonsense"])
    assert unknown.exit_code == 2
    assert "'drafts', 'podcast', 'thread', 'page', 'restack', 'other'" in unknown.stderr
