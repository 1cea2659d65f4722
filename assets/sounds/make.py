#!/usr/bin/env python3
"""Make the till's sounds: sine waves with short fades, 16-bit mono WAV.

    python3 make.py

The table is the one of the look's "Sound" section; README.md repeats it.
"""

import math
import struct
import wave
from pathlib import Path

RATE_HZ = 22_050
FADE_MS = 8  # long enough that no edge clicks
LEVEL = 0.6  # of full scale

# name -> tones of (frequency in Hz or 0 for silence, duration in ms)
SOUNDS = {
    "ok": [(880, 100)],
    "not-found": [(220, 180), (0, 80), (220, 180)],
    "attention": [(660, 160), (440, 160)],
    "card-ok": [(660, 110), (880, 110), (1100, 160)],
    "declined": [(300, 500)],
}


def tone(frequency, duration_ms):
    """One tone as 16-bit samples, faded in and out."""
    count, fade = RATE_HZ * duration_ms // 1000, RATE_HZ * FADE_MS // 1000
    for i in range(count):
        envelope = min(1.0, i / fade, (count - 1 - i) / fade)
        yield round(32767 * LEVEL * envelope * math.sin(2 * math.pi * frequency * i / RATE_HZ))


def main():
    for name, tones in SOUNDS.items():
        samples = [sample for each in tones for sample in tone(*each)]
        with wave.open(str(Path(__file__).with_name(f"{name}.wav")), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


if __name__ == "__main__":
    main()
