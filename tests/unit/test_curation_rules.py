"""The author's own rules, and what a set of pairs is made of."""

from __future__ import annotations

from curation.findings import Finding, LintPair
from curation.rules import DEFAULT, RULES, Rules, SourceFacts, rule_findings, without
from curation.statistics import Statistics, TokenCount, histogram, statistics


def pairs(
    source: str, count: int, *, split: str = "train", tier: str = "continuation", words: int = 10
) -> list[LintPair]:
    text = "word " * words
    return [LintPair(f"{source}{number}", source, split, tier, "Go on.", text) for number in range(count)]


def held(count: int = 20) -> list[LintPair]:
    return [*pairs("held-1", count // 2, split="holdout"), *pairs("held-2", count - count // 2, split="holdout")]


def found(made: list[LintPair], rules: Rules = DEFAULT, *sources: SourceFacts) -> list[tuple[str, str]]:
    return [(item.rule, item.subject) for item in broken(made, rules, *sources)]


def broken(made: list[LintPair], rules: Rules = DEFAULT, *sources: SourceFacts) -> list[Finding]:
    return rule_findings(rules, statistics(made), sources)


def even(count: int = 10) -> list[LintPair]:
    return [pair for number in range(count) for pair in pairs(f"s{number}", 4)]


def test_an_even_set_with_a_fair_holdout_breaks_nothing() -> None:
    assert found([*even(), *held()]) == []


def test_a_source_above_its_share_is_named_and_each_only_once() -> None:
    made = [*even(), *pairs("much", 20), *held()]
    result = broken(made)
    assert [(item.rule, item.scope, item.subject) for item in result] == [("source-share", "source", "much")]
    assert "much gives 33% of the training pairs: above 15%" in result[0].message
    assert found(made, Rules(max_source_share=0.4)) == []
    assert found(made, Rules(max_source_share=0.0)) == []


def test_with_too_few_sources_to_stay_below_one_sentence_says_so() -> None:
    result = broken([*even(4), *held()])
    assert [(item.rule, item.scope) for item in result] == [("source-share", "dataset")]
    assert "Only 4 sources to train on" in result[0].message
    assert "From 7 sources on" in result[0].message


def test_many_pairs_of_a_whole_tier_repeat_a_piece_and_paragraphs_do_not() -> None:
    made = [*even(), *pairs("s0", 5, tier="thesis"), *pairs("s1", 30), *held(40), *even(40)]
    rules = Rules(max_source_share=0.0)
    assert found(made, rules) == [("tier-pairs", "s0")]
    assert ("tier-pairs", "s1") in found(made, Rules(max_source_share=0.0, max_continuation_pairs=20))
    assert found(made, Rules(max_source_share=0.0, max_pairs_of_a_tier=0)) == []


def test_a_source_whose_words_are_learnt_three_times_over_is_over_used() -> None:
    facts = SourceFacts(slug="s0", group="s0", split="train", words=13)
    result = broken([*even(), *held()], Rules(), facts)
    assert [(item.rule, item.subject) for item in result] == [("over-used", "s0")]
    assert "3.1 times over" in result[0].message
    assert found([*even(), *held()], Rules(max_source_use=4.0), facts) == []


def test_a_small_holdout_says_what_it_could_tell_apart() -> None:
    assert found(even()) == [("no-holdout", "")]
    result = broken([*even(), *held(4)])
    assert [item.rule for item in result] == ["small-holdout"]
    assert "4 held-out pairs from 2 essays decide little" in result[0].message
    assert "1.4 standard deviations" in result[0].message
    one = broken([*even(), *pairs("held", 30, split="holdout")])
    assert [item.rule for item in one] == ["small-holdout"]
    assert "All 30 held-out pairs are from 1 essay" in one[0].message
    assert found([*even(), *held(4)], Rules(min_holdout_pairs=4)) == []


def test_a_group_on_both_sides_is_a_leak() -> None:
    torn = [
        SourceFacts(slug="house", group="house", split="holdout", words=1000),
        SourceFacts(slug="house-draft", group="house", split="train", words=1000),
    ]
    result = broken([*even(), *held()], Rules(), *torn)
    assert [(item.rule, item.severity, item.subject) for item in result] == [("group-split", "leak", "house")]


def test_pairs_beyond_a_models_limit_are_named_with_the_model() -> None:
    tokens = TokenCount(model="llada", limit=512, exact=False, over=("7",), lengths=histogram([600]))
    result = rule_findings(Rules(), statistics([*even(), *held()], [tokens]), [])
    assert [(item.rule, item.scope, item.subject) for item in result] == [("token-cap", "pair", "7")]
    assert "the 512 tokens llada takes, by an estimate" in result[0].message


def test_a_rule_that_is_off_is_not_told() -> None:
    assert without(broken(even()), ("no-holdout",)) == []


def test_wrong_settings_are_told_all_at_once() -> None:
    problems = Rules(off=("duplicates",), max_source_share=15.0, min_holdout_pairs=-1).problems()
    assert len(problems) == 3
    assert problems[0].startswith("off: no rule is named 'duplicates'.")
    assert Rules(off=tuple(RULES)).problems() == []


def test_statistics_count_by_source_side_and_tier_and_come_back_from_json() -> None:
    tokens = TokenCount(model="m", limit=9, exact=True, over=("a0",), lengths=histogram([3, 12]))
    made = statistics([*pairs("a", 2), *pairs("a", 1, tier="note"), *pairs("b", 3, split="holdout")], [tokens])
    assert made.tiers() == {"continuation": (2, 3), "note": (1, 0)}
    assert (made.pairs("train"), made.pairs("holdout")) == (3, 3)
    assert [(item.source, item.pairs, item.response_words) for item in made.sources] == [("a", 3, 30), ("b", 3, 30)]
    assert Statistics.from_json(made.to_json()) == made


def test_a_histogram_has_round_bins_up_to_the_longest() -> None:
    made = histogram([0, 4, 5, 59])
    assert (made.width, made.counts[:2], made.counts[-1], len(made.counts)) == (5, (2, 1), 1, 12)
    assert (made.median, made.longest, made.total) == (4, 59, 68)
    assert histogram([300]).width == 50
    assert sum(histogram(list(range(1000))).counts) == 1000
    assert histogram([]).counts == ()
