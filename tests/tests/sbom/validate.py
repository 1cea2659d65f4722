"""Holds a CycloneDX document (standard input) against the schemas in a folder (first argument).

Prints each fault on a line. Exit code 0: valid, 1: not, anything else: could not look.
"""

import json
import pathlib
import sys
import warnings

warnings.simplefilter("ignore")
import jsonschema  # noqa: E402  (Debian: python3-jsonschema)

FAULTS_SHOWN = 20
NAMES = ["bom-1.6", "jsf-0.82", "spdx"]
# The schemas name each other by these addresses; nothing is fetched.
PLACE = "http://cyclonedx.org/schema/"

folder = pathlib.Path(sys.argv[1])
store = {}
for name in NAMES:
    file = f"{name}.SNAPSHOT.schema.json"
    store[PLACE + file] = json.loads((folder / file).read_text(encoding="utf-8"))
schema = store[PLACE + "bom-1.6.SNAPSHOT.schema.json"]
document = json.load(sys.stdin)
resolver = jsonschema.RefResolver(PLACE + "bom-1.6.SNAPSHOT.schema.json", schema, store=store)


def no_more_than(validator, allowed, instance, schema):
    """Debian's own check of this keyword sorts what is too much to say so, and objects have no
    order: a component with two licences ended it."""
    items = schema.get("items", [])
    if allowed is False and isinstance(items, list) and isinstance(instance, list):
        if len(instance) > len(items):
            yield jsonschema.ValidationError(f"{len(instance)} items, {len(items)} allowed")


Validator = jsonschema.validators.extend(
    jsonschema.Draft7Validator, {"additionalItems": no_more_than}
)
validator = Validator(schema, resolver=resolver)
faults = list(validator.iter_errors(document))
for fault in faults[:FAULTS_SHOWN]:
    place = "/".join(str(part) for part in fault.absolute_path)
    print(f"{place}: {fault.message[:200]}")
sys.exit(1 if faults else 0)
