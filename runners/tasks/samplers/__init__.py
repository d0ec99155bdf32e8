"""One file a sampling method."""
