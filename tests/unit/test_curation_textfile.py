"""A file in another encoding is named with that encoding, and with the command that makes it UTF-8."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from curation.errors import EssayError
from curation.textfile import decode, read_text

WORDS = "Why isn’t the café “open”?\nIt rained — as ever…\n"
FRENCH = "Où l'été s'achève, la forêt rêve déjà de neige.\n"


def problem_of(path: Path) -> str:
    with pytest.raises(EssayError) as caught:
        read_text(path)
    return str(caught.value.problem)


@pytest.mark.parametrize(
    ("text", "codec", "name", "iconv_name"),
    [
        (WORDS, "utf-16", "UTF-16", "UTF-16"),
        (WORDS, "utf-16-le", "UTF-16LE", "UTF-16LE"),
        (WORDS, "utf-16-be", "UTF-16BE", "UTF-16BE"),
        (WORDS, "utf-32", "UTF-32", "UTF-32"),
        (WORDS, "cp1252", "Windows-1252", "WINDOWS-1252"),
        (WORDS, "mac_roman", "Mac Roman", "MACINTOSH"),
        (FRENCH, "latin-1", "Latin-1", "ISO-8859-1"),
        (FRENCH, "mac_roman", "Mac Roman", "MACINTOSH"),
    ],
)
def test_the_command_that_is_named_makes_the_file_readable_and_keeps_the_old_one(
    tmp_path: Path, text: str, codec: str, name: str, iconv_name: str
) -> None:
    path = tmp_path / "an essay's draft.md"
    data = text.encode(codec)
    path.write_bytes(data)
    said = problem_of(path)
    assert name in said
    command = re.search("`(mv .+)`", said)
    assert command is not None
    assert f"iconv -f {iconv_name} -t UTF-8" in command[1]
    if shutil.which("iconv") is None:
        pytest.skip("iconv is not installed here")
    assert subprocess.run(["sh", "-c", command[1]], check=False).returncode == 0
    assert read_text(path) == text
    assert path.with_name(path.name + ".old").read_bytes() == data


def test_a_stray_byte_in_utf_8_is_not_taken_for_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "mixed.md"
    path.write_bytes(WORDS.encode() + b"caf\xe9\n")
    said = problem_of(path)
    assert f"{path}:3: is not UTF-8: byte 0xe9" in said
    assert "two encodings were mixed" in said
    assert "iconv" not in said


def test_what_lies_inside_of_another_file_has_no_command() -> None:
    with pytest.raises(EssayError) as caught:
        decode(Path("export.zip/posts.csv"), b"caf\xe9\n")
    assert "Save it as UTF-8 in your editor" in str(caught.value)


def test_nul_characters_that_are_no_encoding_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"Words\0\0\0 and more words")
    assert "holds NUL characters" in problem_of(path)
