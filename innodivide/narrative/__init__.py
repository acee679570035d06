"""What reports say: results turned into the values of sentences and into exhibits; nothing is computed here."""
