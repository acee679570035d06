"""Words and tables of the report on regional barriers (notebook 06)."""
