"""What reports say: functions that turn results into the values of sentences and into exhibits, and compute nothing else."""
