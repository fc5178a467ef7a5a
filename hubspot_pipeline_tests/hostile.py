"""Names that somebody with access to a portal can give, and that mean something to SQL, Jinja, YAML, shells, terminals,
browsers and file systems.

`named(portal, company)` -> properties, a custom object and a label called so, with a value that repeats the name
"""

from hubspot_pipeline.sandbox.portal import Portal

NAMES = (
    'x"; DROP TABLE hubspot.contacts; --', "x'); DROP SCHEMA hubspot CASCADE; --", "{{ env_var('HOME') }}",
    "{% raw %}{# {{ 1 / 0 }}", "\x1b]0;owned\x07\x1b[2J", "<script>alert(1)</script>", "![x](https://example.com/x.png)",
    "../../../etc/passwd", "a: &b [*b]", "$(touch owned) `touch owned`", "\u202egnp.exe", "a\nb\tc",
    "=cmd|'/C calc'!A0",
)  # fmt: skip
OBJECT = "a'b\"; DROP TABLE hubspot.contacts; -- {{ 1 / 0 }}"
LABEL = " ".join(NAMES)


def named(portal: Portal, company: str) -> None:
    """A property of companies for each name, a custom object and a label of links, and a record of the object."""
    for name in NAMES:
        definition = {"name": name, "label": f"{name} as label", "type": "string", "fieldType": "text"}
        portal.define_property("companies", definition | {"description": name})
    portal.update("companies", company, {name: name for name in NAMES})
    portal.define_schema({
        "name": OBJECT, "labels": {"singular": LABEL, "plural": LABEL}, "associatedObjects": ["COMPANY"],
        "properties": [{"name": name, "label": name, "type": "string", "fieldType": "text"} for name in NAMES],
    })  # fmt: skip
    record = portal.create(OBJECT, {name: name for name in NAMES})
    portal.define_label("contacts", "companies", LABEL)
    portal.associate(OBJECT, record, "companies", company)
