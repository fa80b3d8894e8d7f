"""The gallery's pictures: name -> classes, title and scene. Scenes are built when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import aircraft, birds, cars, frogs, garden, mammals, places, ships, things, trucks
from .render import Place, Scene, framed
from .scenery import (
    AUTUMN,
    CARPET,
    DAY,
    DEEP,
    DEEP_SEA,
    DESERT,
    DUSK_SEA,
    FIELD,
    FOREST,
    GREY,
    GREY_SEA,
    HARBOUR,
    HAY,
    LEAVES,
    MUD,
    NIGHT,
    POND,
    ROOM,
    RUNWAY,
    SAND,
    SEA,
    SNOW,
    STREET,
    TABLE,
    YARD,
)
from .shapes import Part, Vec, placed


@dataclass(frozen=True)
class Picture:
    """`cifar10` and `imagenet` are its classes there, None where it has none that a network could learn.

    An ImageNet class stands only where EfficientNet-Lite0 sees it in the picture without noise.
    """

    cifar10: str | None
    title: str
    scene: Callable[[], Scene]
    imagenet: str | None = None


def seen(
    place: Place,
    subject: Sequence[Part],
    around: float,
    above: float,
    away: float = 4.0,
    *,
    fill: float = 0.88,
    fur: float = 0.0,
    extras: Sequence[Part] = (),
    portrait: tuple[Vec, float] | None = None,
) -> Scene:
    """The subject in the middle of the picture, `fill` of it wide or high.

    around: 0 is ahead of the nose, 90 its left; above: degrees. away: the eye's distance in radii of the
    subject. portrait: a point to look at instead, and the field of view in degrees.
    """
    low = np.min([part.centre - part.radius for part in subject], 0)
    high = np.max([part.centre + part.radius for part in subject], 0)
    middle, radius = (low + high) / 2, float((high - low).max()) / 2
    a, b = np.radians(around), np.radians(above)
    way = np.float32([np.cos(a) * np.cos(b), np.sin(b), np.sin(a) * np.cos(b)])
    eye = np.float32(portrait[0] if portrait else middle) + np.float32(away * radius) * way
    scene = Scene(place, [*subject, *extras], tuple(eye.tolist()), tuple(middle.tolist()), fur=fur)
    return replace(scene, target=portrait[0], view=portrait[1]) if portrait else framed(scene, subject, fill)


PICTURES: dict[str, Picture] = {
    "airliner-in-flight": Picture(
        "airplane",
        "Airliner in flight",
        lambda: seen(DEEP, placed(aircraft.airliner(), (0, 0, 0), (2, 6), (0, -10)), 62, -10),
        imagenet="airliner",
    ),
    "airliner-above-clouds": Picture(
        "airplane",
        "Airliner above the clouds",
        lambda: seen(
            places.cloud_deck(),
            placed(aircraft.airliner("#f3f4f6", "#b3202a", "#8e97a1", "#b3202a"), (0, 40, 0), (0, 14)),
            50,
            5,
        ),
        imagenet="airliner",
    ),
    "airliner-on-the-runway": Picture(
        "airplane",
        "Airliner on the runway",
        lambda: seen(
            RUNWAY,
            placed(aircraft.airliner("#f3f4f6", "#1f7a4d", "#dfe3e7", "#1f7a4d", gear=True), (0, 2.87, 0)),
            55,
            5,
        ),
        imagenet="airliner",
    ),
    "fighter-jet": Picture(
        "airplane",
        "Fighter jet",
        lambda: seen(DEEP, placed(aircraft.fighter(), (0, 0, 0), (0, 38), (2, 14)), 62, -6),
        imagenet="warplane",
    ),
    "light-aircraft": Picture(
        "airplane",
        "Light aircraft",
        lambda: seen(DAY, placed(aircraft.light_plane(), (0, 0, 0), (0, 8), (2, 4)), 52, 4),
    ),
    "red-biplane": Picture(
        "airplane",
        "Red biplane",
        lambda: seen(GREY, placed(aircraft.biplane(), (0, 0, 0), (0, -8), (2, 6)), 50, 8),
    ),
    "red-saloon-car": Picture(
        "automobile", "Red saloon car", lambda: seen(STREET, cars.sedan("#a3161d"), 48, 9)
    ),
    "yellow-hatchback": Picture(
        "automobile", "Yellow hatchback", lambda: seen(STREET, cars.hatchback("#d9a514"), 62, 8)
    ),
    "green-off-roader": Picture(
        "automobile",
        "Green off-roader",
        lambda: seen(SAND, cars.offroader("#2f4d38"), 42, 10),
        imagenet="jeep",
    ),
    "blue-sports-car": Picture(
        "automobile",
        "Blue sports car",
        lambda: seen(DESERT, cars.sports_car("#174a9e"), 40, 12),
        imagenet="sports car",
    ),
    "silver-saloon-from-behind": Picture(
        "automobile", "Silver saloon car from behind", lambda: seen(YARD, cars.sedan("#a9afb5"), 140, 12)
    ),
    "blue-semi-trailer": Picture(
        "truck",
        "Blue semi-trailer truck",
        lambda: seen(STREET, trucks.semi_truck("#173f8a", "#e4e6e8", "#173f8a"), 25, 7),
    ),
    "red-semi-trailer": Picture(
        "truck",
        "Red semi-trailer truck",
        lambda: seen(DESERT, trucks.semi_truck("#a3161d", "#c9ccd0", "#a3161d"), 42, 7),
        imagenet="trailer truck",
    ),
    "delivery-truck": Picture(
        "truck",
        "Delivery truck",
        lambda: seen(YARD, trucks.box_truck("#e6e6e2", "#e6e6e2", "#c9541a"), 48, 8),
    ),
    "tipper-truck": Picture(
        "truck", "Tipper truck with earth", lambda: seen(SAND, trucks.dump_truck("#d99c12"), 48, 9)
    ),
    "fire-engine": Picture("truck", "Fire engine", lambda: seen(STREET, trucks.fire_engine(), 32, 7)),
    "container-ship": Picture(
        "ship",
        "Container ship",
        lambda: seen(SEA, ships.container_ship(), 54, 12, 3),
        imagenet="container ship",
    ),
    "cruise-ship": Picture(
        "ship", "Cruise ship", lambda: seen(DEEP_SEA, ships.cruise_ship(), 54, 7, 3), imagenet="liner"
    ),
    "grey-frigate": Picture("ship", "Grey frigate", lambda: seen(GREY_SEA, ships.warship(), 54, 7, 3)),
    "harbour-tug": Picture("ship", "Harbour tug", lambda: seen(HARBOUR, ships.tug(), 52, 9)),
    "tall-ship": Picture("ship", "Tall ship under sail", lambda: seen(DUSK_SEA, ships.tall_ship(), 58, 6, 3)),
    "sailing-yacht": Picture("ship", "Sailing yacht", lambda: seen(DEEP_SEA, ships.yacht(), 66, 5)),
    "robin-on-a-branch": Picture(
        "bird",
        "Robin on a branch",
        lambda: seen(LEAVES, birds.songbird(), 72, 4, fill=0.85, extras=[birds.branch()]),
    ),
    "blue-bird": Picture(
        "bird",
        "Blue bird on a branch",
        lambda: seen(
            AUTUMN,
            birds.songbird("#2d5fa8", "#c98a52", "#ece6da", "#2d5fa8"),
            112,
            4,
            extras=[birds.branch()],
        ),
    ),
    "sparrow-on-the-ground": Picture(
        "bird",
        "Sparrow on the ground",
        lambda: seen(
            FIELD, placed(birds.songbird("#6b4c30", "#b7a589", "#c9bda6", "#5a3d26"), (0, -0.02, 0)), 60, 12
        ),
    ),
    "ostrich": Picture("bird", "Ostrich", lambda: seen(HAY, birds.ostrich(), 65, 4, fur=0.4)),
    "swan": Picture("bird", "Swan", lambda: seen(POND, birds.swan(), 45, 9, fill=0.72)),
    "gull-in-flight": Picture(
        "bird",
        "Gull in flight",
        lambda: seen(GREY, placed(birds.gull(), (0, 0, 0), (0, -25), (2, 8)), 100, -25),
    ),
    "brown-horse": Picture(
        "horse", "Brown horse in a meadow", lambda: seen(FIELD, mammals.horse(), 72, 3, fur=0.35)
    ),
    "white-horse": Picture(
        "horse",
        "White horse",
        lambda: seen(HAY, mammals.horse("#cfc8bd", "#e8e2d6", "#a59c90", False), 60, 2, fur=0.35),
    ),
    "black-horse": Picture(
        "horse",
        "Black horse",
        lambda: seen(FIELD, mammals.horse("#241c19", "#0c0a09", "#e3ddd2"), 110, 4, fur=0.3),
    ),
    "stag": Picture(
        "deer", "Stag at the edge of a wood", lambda: seen(FOREST, mammals.deer("#7d4f2c"), 68, 3, fur=0.5)
    ),
    "deer-in-the-snow": Picture(
        "deer", "Deer in the snow", lambda: seen(SNOW, mammals.deer("#6e4a30"), 112, 4, fur=0.5)
    ),
    "stag-close-up": Picture(
        "deer",
        "Stag, close up",
        lambda: seen(FOREST, mammals.deer("#7d4f2c"), 50, 2, fur=0.5, portrait=((0.56, 1.6, 0), 16)),
    ),
    "fawn": Picture(
        "deer", "Spotted fawn", lambda: seen(FOREST, mammals.deer("#94592f", False, True), 60, 5, fur=0.5)
    ),
    "white-dog": Picture(
        "dog",
        "White dog in a meadow",
        lambda: seen(FIELD, mammals.dog("#d8d3c8", "#b9a98c", "#e6e1d6", None, True), 25, 8, fur=0.5),
    ),
    "brown-dog": Picture(
        "dog", "Brown dog", lambda: seen(CARPET, mammals.dog("#4f2f1b", "#331e10", "#8a6240"), 25, 8, fur=0.5)
    ),
    "black-and-tan-dog": Picture(
        "dog",
        "Black and tan dog in a meadow",
        lambda: seen(FIELD, mammals.dog("#1d1917", "#151210", "#8a5a2c"), 25, 8, fur=0.5),
    ),
    "yellow-labrador": Picture(
        "dog",
        "Yellow labrador in the snow",
        lambda: seen(SNOW, mammals.dog("#b58a50", "#8f6636", "#c9a26c"), 28, 8, fur=0.5),
    ),
    "beagle": Picture(
        "dog",
        "Beagle",
        lambda: seen(ROOM, mammals.dog("#e6e1d6", "#7d4720", "#eae5da", "#1f1a18"), 42, 10, fur=0.4),
    ),
    "ginger-cat": Picture(
        "cat", "Ginger cat in the snow", lambda: seen(SNOW, mammals.cat("#a9662c"), -22, 8, fur=0.5)
    ),
    "tabby-in-the-snow": Picture(
        "cat",
        "Brown tabby in the snow",
        lambda: seen(SNOW, mammals.cat("#5d4631", "#c9b08a", "#241a12"), -20, 8, fur=0.5),
    ),
    "grey-cat-face": Picture(
        "cat",
        "Grey tabby, close up",
        lambda: seen(
            ROOM, mammals.cat("#7d7a75", "#d9d4cc", "#35322f"), 15, 6, fur=0.5, portrait=((0.08, 0.51, 0), 11)
        ),
    ),
    "ginger-cat-face": Picture(
        "cat",
        "Ginger cat, close up",
        lambda: seen(ROOM, mammals.cat("#a9662c"), 15, 6, fur=0.5, portrait=((0.08, 0.51, 0), 11)),
    ),
    "black-cat-face": Picture(
        "cat",
        "Black and white cat, close up",
        lambda: seen(
            CARPET,
            mammals.cat("#23211f", "#e6e2da", None, "#c9b52e"),
            -20,
            6,
            fur=0.5,
            portrait=((0.08, 0.51, 0), 11),
        ),
    ),
    "green-frog": Picture(
        "frog",
        "Green frog",
        lambda: seen(LEAVES, frogs.frog("#3f7d22"), 40, 18, extras=[frogs.leaf()]),
        imagenet="tree frog",
    ),
    "brown-frog": Picture(
        "frog",
        "Brown frog in the mud",
        lambda: seen(MUD, frogs.frog("#6d5636", "#b5a27a", "#33261a", "#b58a2a"), 50, 16),
    ),
    "frog-from-above": Picture(
        "frog", "Frog from above", lambda: seen(MUD, frogs.frog("#5d7430", "#c3c08a", "#26331a"), 60, 42)
    ),
    "hot-air-balloon": Picture(
        None,
        "Hot-air balloon",
        lambda: seen(
            DAY,
            placed(things.balloon("#c8201c", "#f1c21a", "#1f5fb0", "#efeae0"), (0, 40, 0)),
            20,
            -6,
            fill=0.86,
        ),
        "balloon",
    ),
    "lighthouse": Picture(
        None, "Lighthouse", lambda: seen(SEA, things.lighthouse(), 20, 3, fill=0.92), "beacon"
    ),
    "yawl": Picture(
        None, "Yawl under sail", lambda: seen(DEEP_SEA, ships.yacht("#7d1f24", mizzen=True), 66, 5), "yawl"
    ),
    "school-bus": Picture(None, "School bus", lambda: seen(STREET, trucks.school_bus(), 30, 8), "school bus"),
    "traffic-light": Picture(
        None,
        "Traffic light at red",
        lambda: seen(DAY, things.traffic_light(), 18, -6, portrait=((0.1, 3.1, 0), 13)),
        "traffic light",
    ),
    "parasol": Picture(
        None,
        "Parasol in the sand",
        lambda: seen(SAND, things.parasol("#b3161b", "#f0ece2"), 20, 14),
        "umbrella",
    ),
    "zebra": Picture(
        None,
        "Zebra",
        lambda: seen(HAY, mammals.horse("#ded8cc", "#17130f", "#ded8cc", False, "#17130f"), 68, 3, fur=0.25),
        "zebra",
    ),
    "flamingo": Picture(
        None, "Flamingo in a pond", lambda: seen(POND, birds.flamingo(), 70, 5, fill=0.8, fur=0.3), "flamingo"
    ),
    "king-penguin": Picture(
        None, "King penguin", lambda: seen(SNOW, birds.penguin(), 25, 5, fur=0.3), "king penguin"
    ),
    "ladybird": Picture(
        None,
        "Ladybird on a leaf",
        lambda: seen(LEAVES, garden.ladybird(), 45, 30, fill=0.75, extras=[frogs.leaf()]),
        "ladybug",
    ),
    "daisy": Picture(
        None,
        "Daisy",
        lambda: seen(
            LEAVES, placed(garden.daisy()[:-1], (0, 0, 0), (2, 10)), 20, 12, extras=garden.daisy()[-1:]
        ),
        "daisy",
    ),
    "fly-agaric": Picture(None, "Fly agaric", lambda: seen(FOREST, garden.toadstool(), 20, 10), "agaric"),
    "green-apple": Picture(
        None, "Green apple", lambda: seen(TABLE, garden.green_apple(), 20, 14, fill=0.75), "Granny Smith"
    ),
    "bananas": Picture(None, "Bunch of bananas", lambda: seen(TABLE, garden.bananas(), 70, 25), "banana"),
    "lemons": Picture(None, "Lemons", lambda: seen(TABLE, garden.lemons(), 20, 20), "lemon"),
    "oranges": Picture(None, "Oranges", lambda: seen(TABLE, garden.oranges(), 20, 18), "orange"),
    "strawberry": Picture(
        None,
        "Strawberry",
        lambda: seen(TABLE, placed(garden.strawberry(), (0, 0, 0), (2, 14)), 20, 16),
        "strawberry",
    ),
    "alarm-clock": Picture(
        None, "Alarm clock", lambda: seen(ROOM, things.alarm_clock("#b3161b"), 20, 8), "analog clock"
    ),
    "football": Picture(
        None, "Football on the grass", lambda: seen(FIELD, things.football(), 20, 8, fill=0.7), "soccer ball"
    ),
    "candle": Picture(None, "Burning candle", lambda: seen(NIGHT, things.candle(), 20, 10), "candle"),
    "pumpkin-lantern": Picture(
        None, "Pumpkin lantern", lambda: seen(NIGHT, things.lantern(), 12, 8, fill=0.8), "jack-o'-lantern"
    ),
}
