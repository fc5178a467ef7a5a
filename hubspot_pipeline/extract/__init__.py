"""(stream, window) -> Arrow tables."""
