"""What to look at in one pair, while it is being judged."""

from __future__ import annotations

import re

from curation.counted import counted
from curation.findings import Finding, LintPair
from curation.rules import LEAKS
from curation.words import RUN, words

_SHORT_WORDS = 12
_CLOSING_BREAK = re.compile(r"(?:^|\n)[ \t]*(?:\*[ \t]*\*[ \t]*\*[* \t]*|-{3,}|_{3,}|⁂)\s*\Z")


def pair_findings(pair: LintPair, *, tokens: int, max_tokens: int, model_words: int = 0) -> list[Finding]:
    """Return what to look at in one pair.

    Args:
        pair: the pair.
        tokens: how many it has with its layout.
        max_tokens: how many the model sees.
        model_words: how many words of the response a model wrote.
    """
    found = []
    if model_words:
        found.append(("model-words", words_of_a_model(model_words)))
    for side, text in (("prompt", pair.prompt), ("response", pair.response)):
        if not text.strip():
            found.append(("empty", f"The {side} is empty. Write it, or reject the pair."))
    if ends_in_break(pair.response):
        found.append(("closing-break", "The response ends in a scene break, which a model learns to write. Delete it."))
    if tokens > max_tokens:
        more = tokens - max_tokens
        message = f"{tokens} tokens, {more} more than the {max_tokens} the model sees. Split it, or move the boundary."
        found.append(("token-cap", message))
    count = len(words(pair.response))
    if pair.response.strip() and count < _SHORT_WORDS:
        found.append(("short", f"The response has only {counted(count, 'word')}. Merge it with the next pair."))
    prompt, response = (" ".join(words(text)) for text in (pair.prompt, pair.response))
    if prompt and len(prompt.split()) >= RUN and prompt in response:
        found.append(("echo", "The response repeats the whole prompt. Cut the prompt out of it."))
    return [
        Finding(
            rule=rule,
            severity="leak" if rule in LEAKS and pair.split == "train" else "warning",
            scope="pair",
            subject=pair.id,
            source=pair.source,
            message=message,
        )
        for rule, message in found
    ]


def warnings(pair: LintPair, *, tokens: int, max_tokens: int) -> list[str]:
    """Return what to look at in one pair as sentences; see `pair_findings`."""
    return [finding.message for finding in pair_findings(pair, tokens=tokens, max_tokens=max_tokens)]


def words_of_a_model(count: int) -> str:
    """Say what is wrong with a response of which a model wrote so many words."""
    return (
        f"The response holds {counted(count, 'word')} that a model wrote: it would teach the model itself, not you. "
        "Reject the pair, or write it anew."
    )


def ends_in_break(response: str) -> bool:
    """Say whether a response ends in a scene break, such as `***`."""
    return _CLOSING_BREAK.search(response) is not None
