"""One file an objective: what a batch of pairs costs."""
