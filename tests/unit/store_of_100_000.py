"""A store of 2,000 sources and 100,000 pairs, for tests and benchmarks of the lists."""

from __future__ import annotations

import random

from store.database import Database

SOURCES, PER_SOURCE = 2000, 50


def fill(db: Database) -> None:
    """Write the sources, paragraphs and pairs."""
    rng = random.Random(1)
    with db.transaction() as connection:
        connection.execute("INSERT INTO text VALUES ('sha256:x', 'body')")
        connection.executemany(
            "INSERT INTO source (id, path, slug, kind, title, text_hash, file_bytes, words, imported_at, changed_at) "
            "VALUES (?, ?, ?, 'essay', ?, 'sha256:x', 1, 1, '', '')",
            [(i, f"{i}.md", f"s-{i}", f"Title {rng.random()}") for i in range(1, SOURCES + 1)],
        )
        connection.executemany(
            "INSERT INTO paragraph (source_id, position, kind, start, end, words) VALUES (?, ?, 'prose', 0, 1, 1)",
            [(i, n) for i in range(1, SOURCES + 1) for n in range(40)],
        )
        connection.executemany(
            "INSERT INTO pair (source_id, text_hash, position, tier, status, prompt, response, start, end, "
            "prompt_words, response_words, created_at, updated_at) "
            "VALUES (?, 'sha256:x', ?, 'note', ?, ?, ?, 0, 1, 80, 150, '', '')",
            [
                (
                    1 + n % SOURCES,
                    float(n // SOURCES),
                    rng.choice(["proposed", "accepted"]),
                    "p “é” " * 60,
                    "r é " * 250,
                )
                for n in range(SOURCES * PER_SOURCE)
            ],
        )
