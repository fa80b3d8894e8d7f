"""Certifying many pictures: the store, batch runs, sweeps, and the workers that cast the votes."""
