"""What the data say, by the plan: the registered analysis, the claims, and other reasonable ways to ask."""
