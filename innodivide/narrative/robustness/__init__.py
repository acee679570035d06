"""Words and tables of the report on robustness (notebook 04)."""
