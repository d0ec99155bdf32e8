"""One file a family of models: all that is known of it before a weight is read. Torch-free, used by both processes."""
