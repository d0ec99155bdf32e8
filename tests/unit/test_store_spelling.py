"""How texts fall into words, marks and signs; and that FTS5 takes each letter and each mark for what we take it."""

import sqlite3

import pytest

from store import spelling


@pytest.fixture(scope="module")
def tokens():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize = 'unicode61 remove_diacritics 2')")
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")

    def tokens(text):
        connection.execute("DELETE FROM t")
        connection.execute("INSERT INTO t VALUES (?)", (text,))
        return [term for (term,) in connection.execute("SELECT term FROM v ORDER BY offset")]

    yield tokens
    connection.close()


def every(test):
    return [sign for number in range(0x10000) if not 0xD800 <= number < 0xE000 and test(sign := chr(number))]


def test_each_letter_is_a_letter_to_the_index_and_the_same_to_both_without_case_and_accents(tokens):
    letters = every(spelling.is_word)
    assert len(letters) > 1000
    same = {}
    for sign, token in zip(letters, tokens(" ".join(letters)), strict=True):
        same.setdefault(token, set()).add(spelling.folded(sign))
    assert {token: folds for token, folds in same.items() if folds != {spelling.folded(token)}} == {}
    assert all(map(spelling.is_word, same))
    assert len(tokens("".join(letters[:1000]))) == 1


def test_each_mark_parts_words_to_the_index(tokens):
    marks = every(spelling.is_marks)
    assert len(marks) > 150
    assert set("!,._“”’—…-。「") <= set(marks)
    assert tokens("".join(f"q{mark}" for mark in marks)) == ["q"] * len(marks)


def test_white_space_parts_words_to_the_index(tokens):
    spaces = every(str.isspace)
    assert tokens("".join(f"q{space}" for space in spaces)) == ["q"] * len(spaces)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("He said: “Don’t—go!”", ["He", "said", ":", "“", "Don", "’", "t", "—", "go", "!”"]),
        ("  a\u00a0b\n", ["a", "b"]),
        ("snake_case", ["snake", "_", "case"]),
        ("Python3の本。", ["Python3の本", "。"]),
        ("", []),
    ],
)
def test_a_text_is_cut_at_white_space_and_around_marks(text, cut):
    assert spelling.pieces(text) == cut


def test_words_are_of_alphabets_with_spaces():
    assert all(map(spelling.is_word, ("gravel", "Été", "річка", "άνθρωπος", "3", "x" * 1000)))
    assert not any(map(spelling.is_word, ("古池", "e\u0301", "שלום", "😀", "", "a-b")))


def test_case_and_accents_do_not_count_and_scripts_without_them_stay():
    assert spelling.folded("Été E\u0301te\u0301") == "ete ete"
    assert spelling.folded("ΣΊΣΥΦΟΣ") == spelling.folded("σισυφος")
    assert spelling.folded("がか 한글") == "がか 한글"


def test_signs_are_indexed_one_by_one_with_what_stands_together_with_them():
    assert spelling.sign_words("古池 (gravel。蛙 e\u0301 (gravel)") == "28 67 72 61 76 65 6c 3002 86d9 z 53e4 6c60 z 65"
    assert spelling.sign_words("“gravel” — été, 50%!\u3001") == ""


def test_no_letter_outside_of_ascii_is_one_of_ascii_without_case():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize = 'unicode61 remove_diacritics 0')")
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'row')")
    connection.execute(
        "INSERT INTO t VALUES (?)", (" ".join(filter(lambda x: not x.isascii(), every(spelling.is_word))),)
    )
    terms = [term for (term,) in connection.execute("SELECT term FROM v")]
    assert len(terms) > 500
    assert [term for term in terms if term.isascii()] == []
    connection.close()


ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def letters_of(text):
    return "".join(sign for place, sign in enumerate(ALPHABET) if spelling.letters(text) >> place & 1)


@pytest.mark.parametrize(
    ("text", "has"),
    [("", ""), ("Éa ß 日²!", "aes"), ("e\u0301 \u212a", "ek"), ("\ufb01 9\0Z", "fiz9"), ("\u0301\ud83d\ude00", "")],
)
def test_the_letters_of_a_text_are_those_of_ascii_without_case_and_accents(text, has):
    assert letters_of(text) == has


def test_the_letters_of_each_sign_are_what_is_left_of_it_without_case_and_accents():
    signs = every(lambda sign: True)
    assert [sign for sign in signs if set(letters_of(sign)) != set(spelling.folded(sign)) & set(ALPHABET)] == []
