"""Words to pairs: essays, paragraphs, proposals, leaks and snapshots. No torch, no SQL, no screen."""
