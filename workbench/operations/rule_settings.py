"""The table `[rules]` of the settings as a new project gets it, with the reason for each value."""

from __future__ import annotations

from curation.rules import DEFAULT, RULES

_HEAD = """\
# What checks warn of before pairs are frozen; 0 turns a number off. A single finding is waived with a reason instead:
# W in Datasets and Pairs, or `workbench waive`. Rules that are not looked at stand in `off`, by their names:
"""
_VALUES = f"""\
[rules]
off = []

# The largest share of the training pairs that one source may give, 0 to 1: above 0.15 to 0.2 it is that essay that is
# learnt, not the voice.
max_source_share = {DEFAULT.max_source_share}

# The most rewrite, thesis or note pairs of one source, each. They answer different prompts with the same whole piece:
# after three or four of them the piece is known by heart.
max_pairs_of_a_tier = {DEFAULT.max_pairs_of_a_tier}

# The most continuation pairs of one source. Off: each of them holds another paragraph, so twenty of an essay repeat
# nothing, and the share above already keeps a long essay from filling the dataset.
max_continuation_pairs = {DEFAULT.max_continuation_pairs}

# How many times over the responses of a source may hold its words: once as paragraphs, and once as a whole.
max_source_use = {DEFAULT.max_source_use}

# The smallest holdout that decides anything. With n pairs, two runs are told apart four times in five when they differ
# by 2.8 / sqrt(n) standard deviations of a pair: 0.6 with 20 pairs, 1.4 with 4. One essay alone says how well a model
# writes that essay.
min_holdout_pairs = {DEFAULT.min_holdout_pairs}
min_holdout_sources = {DEFAULT.min_holdout_sources}
"""


def rules_table() -> str:
    """Return the table with its comments."""
    width = max(map(len, RULES))
    listed = "".join(f"#   {name:<{width}}  {words}\n" for name, words in RULES.items())
    return _HEAD + listed + _VALUES
