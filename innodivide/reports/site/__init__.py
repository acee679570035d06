"""The web page of a reports folder."""
