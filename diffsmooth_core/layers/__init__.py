"""Layers that several networks share, which a GPU computes in kernels of this project's own."""
