"""Runs compared: with the stored exhibits, and with each other."""
