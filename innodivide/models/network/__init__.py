"""Bipartite networks of countries or regions and instruments, and random matrices with the same margins."""
