"""What the data say, by the plan: the registered analysis, the claims, and every other reasonable way to ask."""
