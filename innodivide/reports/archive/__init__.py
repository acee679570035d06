"""One zip with all that the reports rest on."""
