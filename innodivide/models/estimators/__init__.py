"""Fits: Firth logit and its marginal effects, grouped binomial, linear probability, totals, priors, partial pooling."""
