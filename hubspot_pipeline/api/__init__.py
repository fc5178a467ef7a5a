"""One HTTP call made safe: settings -> bytes of one answer."""
