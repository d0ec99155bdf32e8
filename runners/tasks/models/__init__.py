"""One file a model family: how it is loaded and what it says of itself."""
