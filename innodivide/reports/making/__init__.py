"""Notebooks to folders of reports: declared parameters, kernels, processes, locks, manifest."""
