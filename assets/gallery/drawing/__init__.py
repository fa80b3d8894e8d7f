"""How the gallery's pictures are drawn: signed-distance shapes, ray-marched under a sun and a sky."""
