"""Numbered migrations, frozen once shipped, importing none of our code.

`NAMES` is the one list of them, in order: adding a migration means adding a module and its name here.
"""

NAMES = (
    "m0001_first",
    "m0002_origins",
    "m0003_imported",
    "m0004_queue_and_search",
    "m0005_token_counts",
    "m0006_follow_files",
    "m0007_checks",
    "m0008_parts_of_words",
    "m0009_undone_imports",
    "m0010_edited_texts",
    "m0011_blind_tests",
    "m0012_notebook",
    "m0014_sessions",
    "m0015_letters",
    "m0020_ratings_and_tags",
    "m0021_seen_answers",
    "m0022_scores",
)
