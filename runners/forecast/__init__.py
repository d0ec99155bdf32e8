"""What a run needs before it starts: its memory, by accounting for its tensors. Torch-free, used by both processes."""
