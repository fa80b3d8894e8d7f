"""Models: cards that describe networks, and loading bundled networks or checkpoints in published layouts.

Nothing is imported here, so that cards can be read without importing torch.
"""
