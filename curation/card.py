"""The card of a dataset folder for the Hugging Face hub: what loaders read at its head, and what people read below.

It gives no licence and makes nothing public: both are the author's to decide, and the card says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import yaml

from curation.filepair import TIERS, FilePair

MARK = "Written by the workbench from a frozen dataset."
COLUMNS = ("prompt", "completion", "tier", "source")

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))


def dataset_card(name: str, pairs: Sequence[FilePair], *, content_hash: str, files: dict[str, tuple[str, int]]) -> str:
    """Return the text of the `README.md`.

    Args:
        name: of the dataset, for people.
        pairs: all of them, each with its split.
        content_hash: of the frozen dataset.
        files: the file of each split, relative to the folder, and its bytes; a split without pairs has none.
    """
    counts: Counter[str] = Counter(pair.split or "train" for pair in pairs)
    head = {
        "pretty_name": name,
        "task_categories": ["text-generation"],
        "size_categories": [next((words for size, words in _SIZES if len(pairs) < size), "100K<n<1M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": path} for split, (path, _) in files.items()],
            }
        ],
        "dataset_info": {
            "features": [{"name": column, "dtype": "string"} for column in COLUMNS],
            # Loaders read the counts only where the bytes stand beside them.
            "splits": [
                {"name": split, "num_bytes": size, "num_examples": counts[split]} for split, (_, size) in files.items()
            ],
        },
    }
    shown = yaml.safe_dump(head, sort_keys=False, allow_unicode=True)
    return (
        f"---\n{shown}# license: no licence is given. The texts are their author's: write the one you choose here.\n"
        f"---\n\n# {' '.join(name.split())}\n\n{MARK}\n\n{_table(pairs, list(files))}\n\n"
        "Each row is a pair of `prompt` and `completion`, with its `tier` (rewrite, thesis, continuation or note) and "
        "its `source`, the group of texts it comes from. Splits are by source: no source is in both.\n\n"
        f"Content hash: `{content_hash}`\n\n"
        "## Licence\n\nNone is given, so all rights stay with the author. To give one, replace the comment at the "
        "head of this file by a `license:` line.\n\n"
        "## Private\n\nThis folder holds its author's writing and is not meant to be public unless she says so. "
        "To keep it private on the hub too:\n\n"
        "    hf upload NAME/DATASET . --repo-type dataset --private\n"
    )


def _table(pairs: Sequence[FilePair], splits: Sequence[str]) -> str:
    counts: Counter[tuple[str, str]] = Counter((pair.split or "train", pair.tier or "continuation") for pair in pairs)
    lines = [f"| split | pairs | {' | '.join(TIERS)} |", f"|---|---|{'---|' * len(TIERS)}"]
    for split in splits:
        of_tiers = [counts[split, tier] for tier in TIERS]
        lines.append(f"| {split} | {sum(of_tiers)} | {' | '.join(map(str, of_tiers))} |")
    return "\n".join(lines)
