"""A picture and a sound for the demo's tour, drawn here: every byte is ours."""

import io
import math
import wave

WEIGHTS = {"Mon": 34, "Tue": 52, "Wed": 47, "Thu": 81, "Fri": 65}  # kilograms of parcels
SIZE, BASE, TOP = (720, 400), 340, 100
RATE = 8_000
CHIME = ((659.3, 0.0), (523.3, 0.55))  # hertz, and the second at which it is struck
CHIME_SECONDS = 1.6


def parcels_png() -> bytes:
    """A bar chart of `WEIGHTS`, its axis cut off below 30: what a careless reader falls for."""
    from PIL import Image, ImageDraw, ImageFont  # only while the demo is made

    picture = Image.new("RGB", SIZE, "#f7f5f0")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(22)
    draw.text((40, 30), "Parcels sent, kg (axis starts at 30)", fill="#1a1c1e", font=font)
    for place, (day, weight) in enumerate(WEIGHTS.items()):
        left = 70 + place * 125
        height = (weight - 30) / (85 - 30) * (BASE - TOP)
        draw.rectangle((left, BASE - height, left + 80, BASE), fill="#0a5a87")
        draw.text((left + 40, BASE - height - 28), str(weight), "#1a1c1e", font, anchor="ma")
        draw.text((left + 40, BASE + 12), day, "#1a1c1e", font, anchor="ma")
    draw.line((50, BASE, SIZE[0] - 50, BASE), fill="#807c73", width=2)
    kept = io.BytesIO()
    picture.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def chime_wav() -> bytes:
    """A door bell: two struck tones that fade."""
    samples = bytearray()
    for n in range(int(CHIME_SECONDS * RATE)):
        at = n / RATE
        value = sum(
            math.sin(2 * math.pi * hertz * (at - struck)) * math.exp(-4 * (at - struck))
            for hertz, struck in CHIME
            if at >= struck
        )
        samples.append(128 + round(55 * value))
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes(bytes(samples))
    return kept.getvalue()
