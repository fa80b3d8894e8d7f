"""Model cards to loaded networks: bundled, or a local checkpoint in a published layout.

Nothing is imported here: cards are read without torch, which loading a network needs.
"""
