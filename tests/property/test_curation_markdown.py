"""The quick search for marks finds what the pattern alone finds, in any text."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.markdown import _INLINE, _matches

PIECES = (
    *"a .*_`!^<>&%#-",
    *("  ", "\n", "\t", "\u00a0", "\\", "[", "]", "(", ")", "[[", "]]", "http", "https://x.example/a", "![", "[^1]"),
    *("<br>", "<br/>", "<b>", "</b>", "<sup>1</sup>", "&amp;", "&#8212;", "%%", "note", "[a](b)", "[1](#footnote-1)"),
    *("<https://x.example>", "<!-- c -->", "![a](b.jpg)", "![[a]]", "^[a]", "``", "mailto:", "#tag", "é", "“"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@given(texts, st.integers(0, 5), st.integers(0, 5))
@settings(max_examples=600)
@example("a ![b](c)", 0, 0)
@example("a \n", 0, 0)
@example("a http http://b.example", 0, 0)
def test_marks_are_found_where_the_pattern_finds_them(text, start, cut):
    start, end = min(start, len(text)), max(0, len(text) - cut)
    expected = [(found.span(), found.lastgroup) for found in _INLINE.finditer(text, start, end)]
    assert [(found.span(), found.lastgroup) for found in _matches(text, start, end)] == expected
