"""hubspot.yaml -> `Choice`: which streams, properties and records are loaded, and what of them is hidden.

    choice = Choice.load(root)                      # the file, checked as far as it can be without a portal
    choice.check_streams(STREAMS, discovered=...)   # names of streams
    choice.of("deals", definitions, needed=..., history_default=...)   # names of properties, options, types

file.py        the sections of the file -> `Choice`
wanted.py      what the sections say about one stream -> `Wanted`
streams.py     whether the streams exist and what is said about them makes sense
objects.py     `Wanted` and the property definitions of an object -> `ObjectChoice`
conditions.py  filters; values.py: what texts compare as
document.py    YAML; names.py: names that are wrong, and the nearest right ones
"""

from hubspot_pipeline.choice.conditions import Condition
from hubspot_pipeline.choice.file import Choice, Files
from hubspot_pipeline.choice.objects import ObjectChoice
from hubspot_pipeline.choice.wanted import ALL, NONE, Wanted

__all__ = ["ALL", "NONE", "Choice", "Condition", "Files", "ObjectChoice", "Wanted"]
