"""How often every reported method errs on the real design."""
