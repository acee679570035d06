"""The grid of specifications: declared, estimated, tested jointly."""
