"""Essays as they lie in a folder, and what bad files get."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from curation import essay as essay_module
from curation.discover import discover
from curation.errors import EssayError, Problem
from curation.essay import read_essay, slugify
from curation.front_matter import front_matter_end, read_front_matter
from curation.watch import Places, survey

LONG = "She kept the ledger in pencil, so that it could be wrong. " * 60


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problem_of(path: Path) -> Problem:
    with pytest.raises(EssayError) as caught:
        read_essay(path)
    return caught.value.problem


def test_a_problem_names_file_and_line() -> None:
    assert str(Problem("essays/ellul.md", 41, "is odd.")) == "essays/ellul.md:41: is odd."
    assert str(Problem("essays", None, "is empty.")) == "essays: is empty."


def test_the_text_keeps_its_line_ends_and_loses_its_byte_order_mark(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf# Salt\r\n\r\nA pinch.\rMore.\n"
    essay = read_essay(write(tmp_path / "salt.md", data))
    assert essay.text == "# Salt\r\n\r\nA pinch.\rMore.\n"
    assert essay.file_bytes == len(data)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: Ellul: a life\ndate: 2024-02-23\n---\n\nHe wrote.", "Ellul: a life"),
        ("+++\ntitle = 'Salt'\n+++\n\nA pinch.", "Salt"),
        ("# The *Back* Wheel #\n\nIt hangs.", "The Back Wheel"),
        ("It hangs.\n\n## Practical\n\nMore.", "the back wheel"),
        ("---\n\nA break first, and no front matter.", "the back wheel"),
    ],
)
def test_the_title_is_from_the_front_matter_the_first_heading_or_the_name(
    tmp_path: Path, text: str, title: str
) -> None:
    essay = read_essay(write(tmp_path / "2024-01-02-the-back-wheel.md", text))
    assert essay.title == title
    assert essay.slug == "the-back-wheel"


def test_front_matter_becomes_json_values(tmp_path: Path) -> None:
    text = "---\ntitle: Salt\ndate: 2024-02-23\ntags: [a, 1, null]\ndraft: false\n---\nA pinch."
    essay = read_essay(write(tmp_path / "salt.md", text))
    assert essay.front_matter == {"title": "Salt", "date": "2024-02-23", "tags": ["a", 1, None], "draft": False}


def test_front_matter_that_unfolds_without_end_is_read_line_by_line() -> None:
    bomb = "---\na: &a [x, x, x, x, x, x, x, x]\n"
    for new, old in zip("bcdefgh", "abcdefg"):
        bomb += f"{new}: &{new} [{', '.join([f'*{old}'] * 8)}]\n"
    read = read_front_matter(bomb + "title: Bomb\n---\nText.")
    assert read["title"] == "Bomb"
    assert isinstance(read["h"], str)


def test_front_matter_that_never_closes_is_text() -> None:
    assert front_matter_end("---\ntitle: Salt\n\nText goes on.") == 0


def test_front_matter_ends_before_the_space_behind_its_fence() -> None:
    assert front_matter_end("+++\na = 1\n+++\t\nText.") == len("+++\na = 1\n+++")


def test_a_short_piece_or_one_in_a_folder_of_notes_is_a_note(tmp_path: Path) -> None:
    assert read_essay(write(tmp_path / "long.md", LONG)).kind == "essay"
    assert read_essay(write(tmp_path / "short.md", "A pinch.")).kind == "note"
    assert read_essay(write(tmp_path / "Notes" / "long.md", LONG)).kind == "note"
    assert read_essay(tmp_path / "short.md", kind="essay").kind == "essay"


def test_a_file_that_is_not_utf8_is_named_with_its_line_and_byte(tmp_path: Path) -> None:
    path = write(tmp_path / "old.md", b"One line.\nIt\x92s old.\n")
    problem = problem_of(path)
    assert (problem.path, problem.line) == (str(path), 2)
    assert "0x92 at offset 12" in problem.message
    assert "save it as UTF-8" in problem.message


def test_the_offset_counts_the_byte_order_mark(tmp_path: Path) -> None:
    assert "0xff at offset 4" in problem_of(write(tmp_path / "a.md", b"\xef\xbb\xbfa\xff")).message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "holds no text"),
        (b"\xef\xbb\xbf \n\n", "holds no text"),
        (b"---\ntitle: Salt\n---\n\n", "holds no text"),
        ("Salt".encode("utf-16"), "is UTF-16"),
        (b"\x7fELF\0\0", "holds NUL characters"),
    ],
)
def test_a_file_without_text_says_so(tmp_path: Path, data: bytes, words: str) -> None:
    assert words in problem_of(write(tmp_path / "a.md", data)).message


def test_a_folder_a_loop_a_pipe_and_what_vanished_are_each_named(tmp_path: Path) -> None:
    assert "is a folder" in problem_of(tmp_path).message
    loop = tmp_path / "loop.md"
    loop.symlink_to(loop)
    assert "leads in a loop" in problem_of(loop).message
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)
    assert "not an ordinary file" in problem_of(pipe).message
    gone = write(tmp_path / "gone.md", "Here.")
    files = discover([tmp_path]).files
    gone.unlink()
    assert files == [gone]
    assert "is not there" in problem_of(gone).message


def test_a_file_that_vanishes_between_looking_and_reading_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "gone.md", "Here.")
    unfit = essay_module.unfit

    def vanish(file: Path, status: os.stat_result) -> Problem | None:
        file.unlink()
        return unfit(file, status)

    monkeypatch.setattr(essay_module, "unfit", vanish)
    assert "is not there" in problem_of(path).message


def test_a_file_of_50_mb_is_named_and_never_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.md"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    small = write(tmp_path / "small.md", "A pinch.")
    found = discover([tmp_path])
    assert found.files == [small]
    assert [problem.path for problem in found.problems] == [str(path)]
    assert "50.0 MB" in found.problems[0].message
    assert "20 MB" in problem_of(path).message


def test_folders_are_searched_in_order_and_hidden_ones_passed_over(tmp_path: Path) -> None:
    names = ["b.md", "A.markdown", "notes/c.TXT", ".git/x.md", ".hidden.md", "cover.png"]
    for name in names:
        write(tmp_path / name, "Text.")
    found = discover([tmp_path, tmp_path / "b.md"])
    assert [str(path.relative_to(tmp_path)) for path in found.files] == ["A.markdown", "b.md", "notes/c.TXT"]
    assert found.problems == []


def test_what_a_project_wrote_itself_is_passed_over_and_found_where_it_is_named(tmp_path: Path) -> None:
    for project in ("voice", "voice/older"):
        for name in (
            "workbench.toml",
            "runs/r1/attempts/001/log.txt",
            "backups/a.md",
            "cache/b.md",
            "exports/dataset-1/train.md",
            ".obsidian/d.md",
            "env/pyvenv.cfg",
            "env/lib/LICENSE.txt",
            "essays/runs/c.md",
        ):
            write(tmp_path / project / name, "Text.")
    kept = [tmp_path / "voice" / name for name in ("essays/runs/c.md", "older/essays/runs/c.md")]
    found = discover([tmp_path])
    assert found.files == kept
    passed_over = [".obsidian/", "backups/", "cache/", "env/", "exports/", "runs/"]
    assert sorted(found.passed_over) == sorted(f"voice/{up}{name}" for up in ("", "older/") for name in passed_over)
    assert set(survey(Places(folders=(tmp_path,)))) == {str(path.resolve()) for path in kept}
    assert [path.name for path in discover([tmp_path / "voice" / "backups"]).files] == ["a.md"]


def test_folders_named_like_a_projects_are_walked_where_there_is_none(tmp_path: Path) -> None:
    write(tmp_path / "runs" / "a.md", "Text.")
    assert [path.name for path in discover([tmp_path]).files] == ["a.md"]


def test_links_that_loop_or_lead_nowhere_are_problems_and_the_rest_is_found(tmp_path: Path) -> None:
    (tmp_path / "back").symlink_to(tmp_path)
    (tmp_path / "dead.md").symlink_to(tmp_path / "nothing.md")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    write(tmp_path / "ok.md", "Text.")
    found = discover([tmp_path])
    assert [path.name for path in found.files] == ["ok.md"]
    problems = {Path(problem.path).name: problem.message for problem in found.problems}
    assert set(problems) == {"back", "dead.md", "round"}
    assert "leads back" in problems["back"]
    assert "leads nowhere" in problems["dead.md"]


def test_missing_empty_and_foreign_paths_are_problems(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    paths = [tmp_path / "missing", tmp_path / "empty", write(tmp_path / "a.docx", "x")]
    messages = [problem.message for problem in discover(paths).problems]
    assert [
        "is not there" in messages[0],
        "holds no new" in messages[1],
        "nothing that can be imported" in messages[2],
    ] == [True] * 3


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("On Sandals & Simplicity", "on-sandals-simplicity"),
        ("Don’t", "dont"),
        ("Café_Noir", "cafe-noir"),
        ("***", "untitled"),
        ("手紙", "手紙"),
    ],
)
def test_slugs(text: str, slug: str) -> None:
    assert slugify(text) == slug


def test_a_long_slug_ends_with_a_whole_word() -> None:
    slug = slugify("paragraph " * 20)
    assert len(slug) <= 60
    assert set(slug.split("-")) == {"paragraph"}
