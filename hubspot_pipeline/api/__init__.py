"""One HTTP call made safe: settings -> bytes of one answer."""

import logging

# at DEBUG it writes every path: of a webhook or a signed URL that is the secret
logging.getLogger("urllib3.connectionpool").addFilter(lambda record: record.levelno >= logging.INFO)
