"""The registered question under other labels, other outcomes and other choices. Exploratory throughout."""
