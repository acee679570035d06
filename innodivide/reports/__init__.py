"""From notebooks to reports: declared parameters, execution, manifest, rendering."""

import sys

# nbformat loads jsonschema, and that, where it is installed, a grammar of international addresses (format "iri"), which
# takes a second and which no notebook is checked for. So that jsonschema takes it as not installed, this must come
# before nbformat is first imported; it holds for the whole process.
sys.modules.setdefault("rfc3987_syntax", None)
