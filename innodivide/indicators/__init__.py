"""From the tables to tidy frames: who takes part, what each state and region is like, how far apart they are."""
