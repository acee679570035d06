"""Words and tables of the report on the two tiers (notebook 05)."""
