"""Environment and `.env` -> what `dagster dev` loads; assembles, decides nothing.

Run alone: `dagster definitions validate -w workspace.yaml`.
"""

import dagster as dg

from hubspot_pipeline.assets.assembly import assemble
from hubspot_pipeline.settings import Settings


@dg.definitions
def defs() -> dg.Definitions:
    return assemble(Settings.load())
