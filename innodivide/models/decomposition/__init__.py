"""What a difference consists of: Oaxaca-Blinder, Shapley shares, two-way split, Ward clusters."""
