"""What a run does and where; imports nothing else of ours, so that it can be shipped alone."""
