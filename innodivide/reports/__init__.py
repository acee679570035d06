"""From notebooks to reports: declared parameters, execution, manifest, rendering."""
