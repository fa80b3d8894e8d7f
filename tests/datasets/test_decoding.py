"""Untrusted files: what is accepted comes out exactly, everything else is one clear sentence."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import decode, read
from diffsmooth_core.datasets.decoding import MAX_BYTES
from tests.fuzzing import changed_bytes, watched

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)


def encode(image, fmt="PNG", **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    stream = io.BytesIO()
    image.save(stream, fmt, **options)
    return stream.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, *chunks):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("fmt", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_lossless_round_trip(fmt, options):
    out = decode(encode(PIXELS, fmt, **options))
    assert out.dtype == np.uint8
    assert np.array_equal(out, PIXELS)


def test_jpeg_is_what_pillow_decodes():
    data = encode(PIXELS, "JPEG", quality=90)
    assert np.array_equal(decode(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fmt", ["PNG", "JPEG", "WEBP"])
def test_exif_orientation_is_applied(orientation, fmt):
    """The stored picture is turned so that the orientation tag turns it upright again."""
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :24] = (255, 0, 0)
    upright[:16, 24:] = (0, 255, 0)
    upright[16:, :24] = (0, 0, 255)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),  # the tag says "turn by 90 degrees clockwise"
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(fmt, {})
    out = decode(encode(np.ascontiguousarray(stored), fmt, exif=exif, **options))
    assert out.shape == upright.shape
    assert np.abs(out.astype(int) - upright).mean() < 3


def test_alpha_is_composed_on_white():
    rgba = np.dstack([PIXELS, np.full(PIXELS.shape[:2], 255, np.uint8)])
    rgba[0, 0] = (10, 20, 30, 0)
    rgba[0, 1] = (0, 0, 0, 51)  # a fifth black on white
    out = decode(encode(rgba))
    assert out[0, 0].tolist() == [255, 255, 255]
    assert out[0, 1].tolist() == [204, 204, 204]
    assert np.array_equal(out[1:], PIXELS[1:])


def test_palette_with_a_transparent_entry():
    palette = Image.new("P", (16, 16), 0)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putpixel((3, 2), 1)
    out = decode(encode(palette, transparency=0))
    assert out[0, 0].tolist() == [255, 255, 255]
    assert out[2, 3].tolist() == [0, 0, 255]


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_greyscale_becomes_three_equal_channels(mode):
    grey = Image.fromarray(PIXELS[..., 0])
    out = decode(encode(grey.convert(mode)))
    expected = np.asarray(grey.convert(mode).convert("L"))
    assert np.array_equal(out, np.repeat(expected[..., None], 3, axis=2))


def test_sixteen_bit_grey_keeps_its_range():
    """Pillow's own conversion clips at 255 and would give a white picture."""
    values = RNG.integers(0, 65536, (16, 16)).astype(np.uint16)
    out = decode(encode(Image.fromarray(values)))
    assert np.array_equal(out[..., 0], (values >> 8).astype(np.uint8))


def test_cmyk_jpeg_keeps_its_colours():
    red = Image.new("RGB", (32, 32), (220, 30, 40))
    out = decode(encode(red.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(out.astype(int) - [220, 30, 40]).max() < 12


@pytest.mark.parametrize("fmt", ["PNG", "WEBP"])
def test_animation_gives_its_first_frame(fmt):
    first, second = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    data = encode(first, fmt, save_all=True, append_images=[second], lossless=True)
    assert decode(data)[5, 5].tolist() in ([255, 0, 0], [254, 0, 0])


@pytest.mark.parametrize("fmt", ["GIF", "BMP", "TIFF", "PPM", "ICO", "PDF"])
def test_other_formats_are_refused(fmt):
    with pytest.raises(InputError, match="not a PNG, JPEG or WEBP picture"):
        decode(encode(Image.new("RGB", (32, 32)), fmt))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"<svg/>",
        b"RIFF\0\0\0\0WEBPVP8 ",
        bytes(4096),
    ],
    ids=["empty", "png-magic", "gif-magic", "postscript", "svg", "webp-magic", "zeros"],
)
def test_no_picture_at_all(data):
    with pytest.raises(InputError, match="PNG, JPEG or WEBP"):
        decode(data)


@pytest.mark.parametrize(
    ("width", "height"), [(30_000, 30_000), (9_500, 9_500), (7_000, 6_000), (2**31 - 1, 8)]
)
def test_a_bomb_is_refused_by_its_header(width, height):
    """900, 90 and 42 megapixels: above Pillow's error, Pillow's warning and our own limit."""
    with pytest.raises(InputError, match="megapixels"):
        decode(png(width, height, chunk(b"IDAT", zlib.compress(b"\0" * 1000))))


def test_a_webp_bomb_is_refused_by_its_header():
    data = bytearray(
        encode(Image.new("RGBA", (32, 32), (1, 2, 3, 99)), "WEBP", exif=Image.Exif(), lossless=False)
    )
    assert data[12:16] == b"VP8X"
    data[24:30] = (16_000).to_bytes(3, "little") * 2
    with pytest.raises(InputError, match="megapixels|damaged"):
        decode(bytes(data))


def _with_chunk(kind, body, checksum=None):
    """The PNG of PIXELS with one more chunk after its header."""
    data, added = encode(PIXELS), chunk(kind, body)
    return data[:33] + (added if checksum is None else added[:-4] + checksum) + data[33:]


@pytest.mark.parametrize(
    "data",
    [
        _with_chunk(b"tEXt", b"Comment\0" + b"x" * 1_200_000),
        _with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9)),
        _with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(1_200_000))),
        _with_chunk(b"iCCP", b"mine\0\0" + zlib.compress(bytes(80_000_000))),
        _with_chunk(b"iCCP", b"mine\0\0no profile"),
        _with_chunk(b"tEXt", b"Comment\0hello", checksum=bytes(4)),
        _with_chunk(b"iCCP", b"mine\0\0hello", checksum=bytes(4)),
        _with_chunk(b"eXIf", b"no Exif"),
    ],
    ids=[
        "text",
        "text-bomb",
        "xmp",
        "profile-bomb",
        "no-profile",
        "text-checksum",
        "profile-checksum",
        "exif",
    ],
)
def test_what_is_beside_the_pixels_does_not_decide(data):
    assert np.array_equal(decode(data), PIXELS)


def test_damaged_pixels_are_refused_by_their_checksum():
    data = bytearray(encode(PIXELS))
    at = data.index(b"IDAT") + 20
    data[at] ^= 1
    with pytest.raises(InputError, match="damaged"):
        decode(bytes(data))


def _profile(red, green, blue, gamma):
    """An ICC profile (version 2, matrix and gamma) with these primaries as CIE xy, and white D65."""
    x, y = np.array([red, green, blue]).T
    primaries = np.stack([x / y, np.ones(3), (1 - x - y) / y])
    columns = primaries * np.linalg.solve(primaries, WHITE_D65)
    fixed = lambda values: struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))  # noqa: E731
    tags = {b"wtpt": b"XYZ \0\0\0\0" + fixed(WHITE_D50), b"cprt": b"text\0\0\0\0none\0", b"desc": DESCRIPTION}
    for letter, column in zip("rgb", (BRADFORD @ columns).T, strict=True):
        tags[f"{letter}XYZ".encode()] = b"XYZ \0\0\0\0" + fixed(column)
        tags[f"{letter}TRC".encode()] = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    table, body = b"", b""
    for name, value in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = bytearray(128)
    header[0:4] = struct.pack(">I", 132 + len(table) + len(body))
    header[8:12], header[12:24], header[36:40] = b"\x02\x40\0\0", b"mntrRGB XYZ ", b"acsp"
    header[68:80] = fixed(WHITE_D50)
    return bytes(header) + struct.pack(">I", len(tags)) + table + body


WHITE_D65, WHITE_D50 = np.array([0.9505, 1, 1.089]), np.array([0.9642, 1, 0.8249])
BRADFORD = np.array(
    [[1.0478, 0.0229, -0.0501], [0.0295, 0.9905, -0.0171], [-0.0092, 0.0150, 0.7521]]
)  # D65 to D50
DESCRIPTION = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"mine\0" + bytes(78)
ADOBE_RGB = _profile((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), 563 / 256)


def _as_srgb(colour):
    """An Adobe RGB (1998) colour in sRGB by the matrices of the two standards, clipped."""
    xyz = [[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]
    to_linear = [[3.24045, -1.53714, -0.49853], [-0.96927, 1.87601, 0.04156], [0.05564, -0.20403, 1.05723]]
    linear = np.clip(to_linear @ (xyz @ (np.array(colour) / 255) ** (563 / 256)), 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize(
    "colour", [(200, 100, 50), (90, 160, 60), (128, 128, 128), (0, 255, 0), (20, 40, 220)]
)
def test_adobe_rgb_becomes_srgb_by_the_two_standards(colour):
    for fmt, options in (
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("JPEG", {"quality": 100, "subsampling": 0}),
    ):
        data = encode(Image.new("RGB", (16, 16), colour), fmt, icc_profile=ADOBE_RGB, **options)
        assert np.abs(decode(data)[8, 8] - _as_srgb(colour)).max() < 3
    transparent = encode(Image.new("RGBA", (16, 16), (*colour, 51)), icc_profile=ADOBE_RGB)
    assert np.abs(decode(transparent)[8, 8] - (0.2 * _as_srgb(colour) + 0.8 * 255)).max() < 2


def test_a_profile_that_says_srgb_changes_nothing():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(decode(encode(PIXELS, icc_profile=srgb)), PIXELS)


@pytest.mark.parametrize("mode", ["L", "P"])
def test_a_profile_of_other_channels_is_passed_over_and_a_palette_converted(mode):
    image = Image.new(mode, (16, 16), 90)
    image.putpalette([200, 100, 50] * 256) if mode == "P" else None
    out = decode(encode(image, icc_profile=ADOBE_RGB))[8, 8]
    assert np.abs(out - ((90, 90, 90) if mode == "L" else _as_srgb((200, 100, 50)))).max() < 2


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0, "restart_marker_blocks": 2}]
)
def test_a_jpeg_may_lack_its_end_marker_and_nothing_else(options):
    whole = encode(RNG.integers(0, 256, (40, 40, 3), dtype=np.uint8), "JPEG", **options)
    assert np.array_equal(decode(whole[:-2]), decode(whole))
    assert np.array_equal(decode(whole[:-1]), decode(whole))
    for missing in range(3, 200):
        with pytest.raises(InputError):
            decode(whole[:-missing])


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_whose_end_comes_too_early_is_not_whole(options):
    whole = encode(RNG.integers(0, 256, (40, 40, 3), dtype=np.uint8), "JPEG", **options)
    at = whole.index(b"\xff\xc2" if options else b"\xff\xc0") + 5
    larger = whole[:at] + struct.pack(">HH", 3000, 3000) + whole[at + 4 :]
    with pytest.raises(InputError, match="ends before its picture does"):
        decode(larger)
    first_scan = whole.index(b"\xff\xda")
    with pytest.raises(InputError, match="ends before its picture does"):
        decode(whole[: first_scan + 30] + b"\xff\xd9")
    grey = encode(Image.new("RGB", (64, 64), (128, 128, 128)), "JPEG", **options)
    assert (decode(grey) == 128).all()


def test_files_that_are_made_to_be_slow_are_refused():
    photo = encode(PIXELS, "JPEG", progressive=True)
    at = photo.index(b"\xff\xda")
    with pytest.raises(InputError, match="more than 40 scans"):
        decode(photo[:-2] + photo[at:-2] * 40 + b"\xff\xd9")
    with pytest.raises(InputError, match="10,000 parts"):
        decode(photo[:2] + b"\xff\xfe\0\2" * 20_000 + photo[2:])
    picture = encode(PIXELS)
    with pytest.raises(InputError, match="100,000 chunks"):
        decode(picture[:33] + chunk(b"tEXt", b"") * 200_000 + picture[33:])


def test_size_limits():
    with pytest.raises(InputError, match="7 x 100 pixels"):
        decode(encode(Image.new("RGB", (7, 100))))
    assert decode(encode(Image.new("RGB", (8, 8)))).shape == (8, 8, 3)
    with pytest.raises(InputError, match="more than the 20 MB"):
        decode(encode(PIXELS) + bytes(MAX_BYTES))


@pytest.mark.parametrize(
    ("fmt", "options"),
    [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {}), ("WEBP", {"lossless": True})],
)
def test_truncated_files_are_refused(fmt, options):
    whole = encode(RNG.integers(0, 256, (40, 40, 3), dtype=np.uint8), fmt, **options)
    after_pixels = {"PNG": 20, "JPEG": 2}.get(fmt, 0)  # two checksums and the end chunk; the end marker
    for keep in {*range(0, len(whole) - after_pixels, 37), len(whole) - after_pixels - 1}:
        with pytest.raises(InputError):
            decode(whole[:keep])


def test_the_name_of_a_file_plays_no_part(tmp_path):
    png_named_jpg = tmp_path / "a.jpg"
    png_named_jpg.write_bytes(encode(PIXELS))
    assert np.array_equal(read(png_named_jpg), PIXELS)
    text_named_png = tmp_path / "b.png"
    text_named_png.write_text("<?php system($_GET['c']); ?>")
    with pytest.raises(InputError, match=r"b\.png' cannot be used: this file is not a PNG"):
        read(text_named_png)


def test_polyglots_give_their_pixels_or_nothing():
    page, archive = b"<html><script>alert(1)</script>", b"PK\x03\x04" + bytes(100)
    assert np.array_equal(decode(encode(PIXELS) + page + archive), PIXELS)
    for front in (page, archive, b"%PDF-1.7\n", b"GIF89a"):
        with pytest.raises(InputError, match="not a PNG, JPEG or WEBP picture"):
            decode(front + encode(PIXELS))


def test_paths_that_hold_no_picture(tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*nothing\.png"):
        read(tmp_path / "nothing.png")
    with pytest.raises(InputError, match="is not a file"):
        read(tmp_path)
    with pytest.raises(InputError, match="is not a file"):
        read("/dev/zero")
    with pytest.raises(InputError, match="cannot be read"):
        read("x" * 5000 + ".png")


def test_a_large_file_is_not_read_whole(tmp_path):
    sparse = tmp_path / "large.png"
    with sparse.open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(InputError, match=r"large\.png' cannot be used: this file has more than the 20 MB"):
        read(sparse)


def test_arrays_are_the_callers_own():
    out = decode(encode(PIXELS))
    out[:] = 0
    assert out.flags.c_contiguous


def _seeds():
    exif = Image.Exif()
    exif[0x0112] = 6
    noise = Image.fromarray(RNG.integers(0, 256, (24, 30, 3), dtype=np.uint8))
    frames = {"save_all": True, "append_images": [Image.new("RGB", (30, 24), "teal")]}
    return (
        encode(noise),
        encode(noise, exif=exif),
        encode(noise.quantize(16), transparency=bytes(range(16))),
        encode(noise.convert("RGBA"), **frames),
        encode(Image.fromarray(RNG.integers(0, 65536, (24, 30)).astype(np.uint16))),
        encode(noise, "JPEG", exif=exif),
        encode(noise, "JPEG", progressive=True, comment=b"a comment"),
        encode(noise.convert("CMYK"), "JPEG"),
        encode(noise, "WEBP", exif=exif),
        encode(noise.convert("RGBA"), "WEBP", lossless=True),
        encode(noise, "WEBP", **frames),
    )


def _mutate(data, chance):
    """Bytes changed; a PNG's checksums are often repaired."""
    edited = changed_bytes(data, chance)
    return _repaired(edited) if edited[:4] == b"\x89PNG" and chance.random() < 0.8 else edited


def _repaired(data):
    data = bytearray(data)
    at = 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return bytes(data)


DECODING = 1_000_000_000  # bytes that 40 megapixels of a WEBP take, which a short file may claim


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's remarks on broken metadata
def test_fuzz(fuzz_count):
    """Whatever the bytes, the outcome is a picture within the limits or an InputError of one sentence."""
    chance, seeds = random.Random(2308), _seeds()

    def use(out):
        assert out.dtype == np.uint8
        assert out.ndim == 3
        assert out.shape[2] == 3
        assert min(out.shape[:2]) >= 8
        assert out.shape[0] * out.shape[1] <= 40_000_000

    accepted, refused = watched(
        lambda i: _mutate(seeds[i % len(seeds)], chance), fuzz_count, decode, use, DECODING
    )
    print(f"{fuzz_count:,} mutated files: {accepted:,} pictures, {refused:,} refused")
    assert accepted > fuzz_count // 50
    assert refused > fuzz_count // 10
