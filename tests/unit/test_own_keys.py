"""The author's own keys: her file, what is wrong with it, and which command has a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.every_key import every_command, named
from workbench.operations.errors import NothingToDoError, ProjectError
from workbench.operations.own_keys import Command, KeysError, checked, give_keys, read_keys, take_back

ACCEPT = Command(id="pairs.accept", keys=("a",), words="accept", places=frozenset({"Pairs"}))
COPY = Command(id="pairs.copy", keys=("y",), words="copy", places=frozenset({"Pairs"}))
CLEAN = Command(id="essays.clean", keys=("c",), words="clean", places=frozenset({"Essays"}))
QUIT = Command(id="program.quit", keys=("q", "ctrl+q"), words="close", places=frozenset({"Pairs", "Essays"}))
DOWN = Command(id="list.down", keys=("down", "j"), words="next line", places=frozenset({"Pairs", "Essays"}))
SCROLL = Command(id="text.down", keys=("down", "j"), words="line down", places=frozenset({"Pairs", "Essays"}))
ALL = (ACCEPT, COPY, CLEAN, QUIT, DOWN, SCROLL)
FILE = Path("keys.toml")


def written(tmp_path: Path, text: str) -> Path:
    """Write the file."""
    path = tmp_path / "keys.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert read_keys(tmp_path / "keys.toml") == {}


def test_keys_are_read_one_by_one_in_lists_and_parted_by_commas(tmp_path: Path) -> None:
    path = written(tmp_path, '[pairs]\naccept = "enter"\nskip = ["Z", "f6"]\ncopy = "y, ctrl+y"\nflag = ","\n')
    assert read_keys(path) == {
        "pairs.accept": ("enter",),
        "pairs.skip": ("Z", "f6"),
        "pairs.copy": ("y", "ctrl+y"),
        "pairs.flag": (",",),
    }


@pytest.mark.parametrize("text", ["[pairs]\naccept = 1\n", "[pairs]\naccept = []\n", "accept\n", "[pairs]\nx = [1]\n"])
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(KeysError, match="keys.toml"):
        read_keys(path)


def test_a_command_that_is_none_is_left_out_and_the_nearest_named() -> None:
    found = checked(FILE, {"pairs.acept": ("z",), "essays.clean": ("z",)}, ALL)
    assert found.keys == {"essays.clean": ("z",)}
    (problem,) = found.problems
    assert "Did you mean pairs.accept?" in problem


def test_a_key_of_another_command_of_the_same_place_is_refused() -> None:
    for key, holder in (("y", "pairs.copy"), ("q", "program.quit"), ("j", "list.down")):
        found = checked(FILE, {"pairs.accept": (key,)}, ALL)
        assert found.keys == {}
        assert holder in found.problems[0]
    assert checked(FILE, {"list.down": ("c",)}, ALL).keys == {}


def test_a_key_of_another_place_is_free() -> None:
    assert not checked(FILE, {"pairs.accept": ("c",)}, ALL).problems


def test_two_commands_may_change_keys_with_each_other() -> None:
    found = checked(FILE, {"pairs.accept": ("y",), "pairs.copy": ("a",)}, ALL)
    assert found.keys == {"pairs.accept": ("y",), "pairs.copy": ("a",)}
    assert not found.problems


def test_a_list_and_a_text_go_on_sharing_their_keys() -> None:
    assert not checked(FILE, {"list.down": ("j", "n")}, ALL).problems


def test_keys_are_written_into_a_new_file_and_beside_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "of-mine" / "keys.toml"
    give_keys(path, "pairs.accept", ["enter"], own={}, commands=ALL)
    path.write_text(path.read_text() + "# mine\n")
    give_keys(path, "pairs.copy", ["C", "f6"], own={"pairs.accept": ("enter",)}, commands=ALL)
    assert read_keys(path) == {"pairs.accept": ("enter",), "pairs.copy": ("C", "f6")}
    assert "# mine" in path.read_text()


def test_what_is_refused_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    with pytest.raises(KeysError, match=r"pairs\.copy"):
        give_keys(path, "pairs.accept", ["y"], own={}, commands=ALL)
    with pytest.raises(KeysError, match="no command"):
        give_keys(path, "pairs.akzept", ["z"], own={}, commands=ALL)
    with pytest.raises(KeysError, match=r"pairs\.copy"):
        give_keys(path, "pairs.accept", ["C"], own={"pairs.accept": ("b",), "pairs.copy": ("C",)}, commands=ALL)
    assert not path.exists()


def test_a_line_is_taken_out_and_everything_else_stays(tmp_path: Path) -> None:
    path = written(
        tmp_path, '# mine\n[pairs]\n# enter is easy\naccept = "enter"  # yes\nskip = ["Z", "f6"]\n\n[old]\nx = "y"\n'
    )
    said = read_keys(path)
    take_back(path, ["pairs.accept", "old.x"], said=said, own={"pairs.accept": ("enter",)}, commands=ALL)
    assert path.read_text() == '# mine\n[pairs]\n# enter is easy\nskip = ["Z", "f6"]\n\n[old]\n'


def test_what_has_no_line_or_is_no_command_cannot_be_taken_back(tmp_path: Path) -> None:
    path = written(tmp_path, '[pairs]\naccept = "enter"\n')
    with pytest.raises(KeysError, match=r"^There is no command pairs\.acept\. Did you mean pairs\.accept\?"):
        take_back(path, ["pairs.acept"], said=read_keys(path), own=read_keys(path), commands=ALL)
    with pytest.raises(NothingToDoError, match=r"pairs\.copy has no keys of yours to be taken back: it is y\."):
        take_back(path, ["pairs.accept", "pairs.copy"], said=read_keys(path), own=read_keys(path), commands=ALL)
    assert read_keys(path) == {"pairs.accept": ("enter",)}


def test_a_key_that_is_another_s_by_now_is_taken_back_only_with_that_one(tmp_path: Path) -> None:
    path = written(tmp_path, '[pairs]\naccept = "y"\ncopy = "a"\n')
    with pytest.raises(
        KeysError, match=r"pairs\.accept cannot have a again.*`workbench keys reset pairs.accept pairs.copy`"
    ):
        take_back(path, ["pairs.accept"], said=read_keys(path), own=read_keys(path), commands=ALL)
    take_back(path, ["pairs.accept", "pairs.copy"], said=read_keys(path), own=read_keys(path), commands=ALL)
    assert read_keys(path) == {}


def test_a_line_that_is_not_understood_is_left_to_the_author(tmp_path: Path) -> None:
    path = written(tmp_path, '[pairs]\naccept = [\n  "Z",\n]\n')
    with pytest.raises(ProjectError, match=r"pairs\.accept cannot be taken out.* by hand"):
        take_back(path, ["pairs.accept"], said=read_keys(path), own=read_keys(path), commands=ALL)
    assert read_keys(path) == {"pairs.accept": ("Z",)}


def test_of_two_lines_with_one_key_the_one_above_counts() -> None:
    found = checked(FILE, {"pairs.copy": ("z",), "pairs.accept": ("z",)}, ALL)
    assert found.keys == {"pairs.copy": ("z",)}


def test_keys_are_named_by_their_character_or_their_name() -> None:
    assert [named(key) for key in ("?", "Z", "Enter", "ctrl+s", "shift+tab", "+", "f6", "question_mark")] == [
        *("question_mark", "Z", "enter", "ctrl+s", "shift+tab", "plus", "f6", "question_mark")
    ]
    for key in ("enterr", "strg+s", ""):
        with pytest.raises(KeysError, match="is no key"):
            named(key)


def test_every_command_of_every_screen_has_one_name_and_no_two_of_a_place_share_a_key_by_accident() -> None:
    commands = every_command()
    assert {"pairs.accept", "essays.import", "review.mark", "list.down", "program.quit"} <= {c.id for c in commands}
    assert all(command.words for command in commands)
    assert not checked(FILE, {command.id: command.keys for command in commands}, commands).problems
