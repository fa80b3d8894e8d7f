"""Model cards to loaded networks: bundled, or a local checkpoint in a published layout."""

from diffsmooth_core.zoo.cards import Card, bundled, every, names
from diffsmooth_core.zoo.load import load_classifier, load_denoiser

__all__ = ["Card", "bundled", "every", "load_classifier", "load_denoiser", "names"]
