#!/usr/bin/env python3
"""Cuts DejaVu Sans Mono (Debian: fonts-dejavu-core) down to what a receipt needs.

Usage: make.py DejaVuSansMono.ttf   (needs fonttools)
"""
import sys
from fontTools import subset
from fontTools.ttLib import TTFont

font = TTFont(sys.argv[1])
options = subset.Options(layout_features=[], hinting=False, name_IDs=["*"], notdef_outline=True)
cut = subset.Subsetter(options)
cut.populate(unicodes=[*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x370, 0x400), *range(0x400, 0x460),
                       0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x201E, 0x2022, 0x2026, 0x20AC, 0x2212])
cut.subset(font)
for record in font["name"].names:
    if record.nameID in (1, 4, 16):
        record.string = "Sealpoint Mono"
    if record.nameID == 6:
        record.string = "SealpointMono"
font["head"].modified = font["head"].created
font.recalcTimestamp = False
font.save("SealpointMono.ttf")
