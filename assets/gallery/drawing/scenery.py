"""The surroundings that the pictures share: skies, roads, seas, meadows, rooms."""

from __future__ import annotations

from dataclasses import replace

from . import places
from .render import Place

DAY = Place(places.open_sky(clouds=0.45, seed=2), sun=(0.35, 0.8, 0.5), bounce=(0.35, 0.4, 0.45))
DEEP = replace(DAY, sky=places.open_sky("#1c4f9e", "#8fb7df", 0.35, 6))
GREY = replace(DAY, sky=places.open_sky("#8c9aa8", "#cfd6dc", 0.9, 3), sunlight=(2.2, 2.15, 2.05))
DUSK = replace(
    DAY,
    sky=places.open_sky("#5b76a8", "#f1c79c", 0.5, 4),
    sun=(0.6, 0.35, 0.7),
    sunlight=(3.4, 2.5, 1.7),
    ambient=(0.65, 0.65, 0.8),
)

WOOD = places.behind_trees(places.open_sky(clouds=0.3, seed=5), "#131d0e", "#4b6330", 0.16)
STREET = Place(WOOD, places.road(), sun=(0.5, 0.75, 0.55), bounce=(0.16, 0.16, 0.15), blur=1.5)
DESERT = replace(
    STREET,
    sky=places.behind_trees(places.open_sky("#3f7cc4", "#e3dcc8", 0.2, 8), "#7a5a40", "#a8835c", 0.07, 3),
    ground=places.road(verge=places.speckled("#8f6f48", "#c4a070", 2)),
    bounce=(0.3, 0.24, 0.17),
    blur=1.0,
)
YARD = replace(
    STREET,
    sky=places.behind_trees(places.open_sky("#8c9aa8", "#d3d9de", 0.8, 3), "#55504c", "#8d8780", 0.14, 9),
    ground=places.speckled("#77777a", "#94928e", 3, 1, 1.0),
    sunlight=(2.5, 2.4, 2.3),
)
SAND = replace(DESERT, ground=places.speckled("#a88a5c", "#c9ad7e", 3))
RUNWAY = replace(
    STREET,
    sky=places.behind_trees(places.open_sky(clouds=0.4, seed=11), "#24331c", "#5d7044", 0.035),
    ground=places.road(6, 30, centre=-6, verge=places.speckled("#5d7434", "#8f9c5a", 1)),
    blur=0.8,
)

SEA = Place(
    places.open_sky(clouds=0.5, seed=5),
    places.water("#123a52"),
    places.swell(3.0, 0.5),
    mirrors=True,
    foam=0.3,
    sun=(0.4, 0.7, 0.6),
    bounce=(0.1, 0.2, 0.26),
    clear=900,
)
DEEP_SEA = replace(SEA, sky=places.open_sky("#2460b0", "#b5d3ea", 0.15, 9), ground=places.water("#0d3a66"))
GREY_SEA = replace(
    SEA,
    sky=places.open_sky("#93a0ac", "#d5dadd", 0.8, 4),
    ground=places.water("#2b4148"),
    sunlight=(2.2, 2.1, 2.0),
)
DUSK_SEA = replace(
    SEA, sky=DUSK.sky, sun=(0.5, 0.4, 0.75), sunlight=(3.2, 2.5, 1.8), ground=places.water("#1d3347")
)
HARBOUR = replace(
    SEA, sky=places.behind_trees(SEA.sky, "#3b4a44", "#76826f", 0.05, 2), ripple=places.swell(1.6, 0.35)
)
POND = replace(
    SEA,
    sky=places.behind_trees(SEA.sky, "#1d2b17", "#56703c", 0.3, 4),
    ground=places.water("#16302b"),
    ripple=places.swell(0.7, 0.25),
    foam=0.0,
    blur=1.5,
)

FIELD = Place(
    places.behind_trees(places.open_sky(clouds=0.3, seed=5), "#131d0e", "#4b6330", 0.1),
    places.speckled("#33481c", "#71803d", 9),
    sun=(0.4, 0.8, 0.6),
    bounce=(0.12, 0.15, 0.07),
    blur=2.5,
    blades=0.9,
)
HAY = replace(
    FIELD,
    ground=places.speckled("#7a6a3a", "#b39d5c", 9),
    bounce=(0.25, 0.2, 0.1),
    sky=places.behind_trees(DUSK.sky, "#2a2a18", "#6d6a3a", 0.1, 3),
)
FOREST = replace(
    FIELD,
    sky=places.foliage("#18260f", "#466028", "#b9c98a", 7, 2),
    ground=places.speckled("#4a3d22", "#6f7a38", 8),
    sunlight=(2.6, 2.5, 2.1),
)
SNOW = replace(
    FIELD,
    sky=places.behind_trees(places.open_sky("#9aa9b8", "#dfe5ea", 0.6, 3), "#2a332c", "#66705f", 0.2, 6),
    ground=places.speckled("#c9d2dc", "#f4f6f8", 3),
    blades=0.0,
    bounce=(0.6, 0.65, 0.7),
    sunlight=(1.7, 1.65, 1.55),
)
LEAVES = Place(places.foliage("#1c3312", "#4d7430", "#c3d08e"), bounce=(0.2, 0.25, 0.12), sun=(0.4, 0.8, 0.7))
AUTUMN = replace(LEAVES, sky=places.foliage("#3a2a16", "#8a6a35", "#d9c48a", 4, 5), bounce=(0.25, 0.2, 0.12))
MUD = replace(
    FIELD,
    sky=places.foliage("#20190f", "#4f4426", "#8c8a5a", 5, 3),
    ground=places.speckled("#4a3826", "#7d6647", 7),
    blades=0.0,
)
ROOM = Place(
    places.studio("#6d6257", "#b5a898"),
    places.speckled("#6b4d31", "#8a6640", 1.5, 9, 1.0),
    bounce=(0.25, 0.19, 0.14),
    sun=(0.6, 0.8, 0.6),
    sunlight=(2.3, 2.1, 1.9),
    ambient=(0.8, 0.8, 0.85),
    blur=2.0,
)
CARPET = replace(
    ROOM, sky=places.studio("#40525c", "#8ba0ab"), ground=places.speckled("#8f8a83", "#b0aaa0", 14, 1, 0.8)
)
TABLE = replace(ROOM, ground=places.speckled("#7a5a38", "#a07a4c", 2.5, 9, 1.0))
NIGHT = Place(
    places.studio("#17110d", "#2a1f19"),
    places.speckled("#4a2f1a", "#6f4a2a", 1.5, 9, 1.0),
    bounce=(0.25, 0.15, 0.06),
    sunlight=(0.9, 0.65, 0.42),
    ambient=(0.16, 0.13, 0.12),
    haze=(0.012, 0.009, 0.007),
    clear=30,
    blur=1.0,
)
