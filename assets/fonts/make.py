#!/usr/bin/env python3
"""Make the Sealpoint Inter fonts from Inter 4.1 (OFL-1.1).

    npm pack inter-ui@4.1.1
    pip install fonttools==4.68.0 brotli
    python3 make.py inter-ui-4.1.1.tgz

Three things are done to each weight, and README.md says why: digits become
tabular, scripts and features that the till does not use go, the family is
renamed. The same input gives the same bytes.
"""

import io
import sys
import tarfile
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FAMILY = "Sealpoint Inter"
WEIGHTS = ("Regular", "Medium", "SemiBold", "Bold")
LIMIT = 200_000  # bytes per file

KEPT = [
    (0x0020, 0x024F),  # Latin, Latin-1, Latin Extended-A and -B
    (0x02B0, 0x036F),  # modifier letters, combining marks
    (0x0370, 0x03FF),  # Greek
    (0x0400, 0x045F),  # Cyrillic
    (0x0490, 0x0491),  # Ukrainian ghe
    (0x1E00, 0x1EFF),  # Latin Extended Additional: Vietnamese, capital sharp s
    (0x2000, 0x206F),  # punctuation and typographic spaces
    (0x2070, 0x209F),  # superscripts, subscripts
    (0x20A0, 0x20CF),  # currency
    (0x2100, 0x214F),  # letterlike: numero, trade mark
    (0x2190, 0x21FF),  # arrows, among them the return and tab keys
    (0x2200, 0x22FF),  # minus, approximately, less or equal
    (0x2300, 0x23FF),  # keyboard symbols
    (0x25A0, 0x25FF),  # squares, circles, triangles
    (0x2700, 0x27BF),  # check mark, cross
]
FEATURES = ["ccmp", "locl", "kern", "mark", "mkmk", "calt", "case"]


def make_digits_tabular(font):
    """Let the ten digits map to their tabular glyphs.

    The feature `tnum` would also widen comma, full stop, colon and brackets,
    which prose must not have, so only the digits are taken from it.
    """
    wide = tabular_forms(font)
    for table in font["cmap"].tables:
        for code in range(ord("0"), ord("9") + 1):
            if code in table.cmap:
                # Two tables may share one map: the second pass finds it done.
                table.cmap[code] = wide.get(table.cmap[code], table.cmap[code])


def tabular_forms(font):
    """The substitutions of `tnum`, glyph name to glyph name."""
    gsub, forms = font["GSUB"].table, {}
    for record in gsub.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for sub in gsub.LookupList.Lookup[index].SubTable:
                    forms |= getattr(sub, "ExtSubTable", sub).mapping
    return forms


def unkern_digits(font):
    """Take kerning between a digit and anything else away: columns must line up."""
    cmap = font.getBestCmap()
    digits = {cmap[code] for code in range(ord("0"), ord("9") + 1)}
    for lookup in font["GPOS"].table.LookupList.Lookup:
        for sub in lookup.SubTable:
            sub = getattr(sub, "ExtSubTable", sub)
            if sub.LookupType != 2:
                continue
            if sub.Format == 1:
                for glyph, pairs in zip(sub.Coverage.glyphs, sub.PairSet):
                    if glyph in digits:
                        pairs.PairValueRecord = []
                    else:
                        pairs.PairValueRecord = [
                            pair for pair in pairs.PairValueRecord if pair.SecondGlyph not in digits
                        ]
                    pairs.PairValueCount = len(pairs.PairValueRecord)
            else:
                sub.Coverage.glyphs = [g for g in sub.Coverage.glyphs if g not in digits]
                for digit in digits:  # class 0 of the second glyph means "no kerning"
                    sub.ClassDef2.classDefs.pop(digit, None)


def subset(font):
    options = Options()
    options.layout_features = FEATURES
    options.name_IDs = ["*"]
    options.hinting = False
    options.glyph_names = False
    options.notdef_outline = True
    options.drop_tables += ["DSIG"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[c for first, last in KEPT for c in range(first, last + 1)])
    subsetter.subset(font)


def rename(font, weight):
    """Own family name; copyright, trademark and licence entries stay as they are."""
    name = font["name"]
    basic = weight in ("Regular", "Bold")
    names = {
        1: FAMILY if basic else f"{FAMILY} {weight}",
        2: weight if basic else "Regular",
        3: f"4.001;SealpointInter-{weight}",
        4: f"{FAMILY} {weight}",
        6: f"SealpointInter-{weight}",
        10: "Inter 4.1, subset, with tabular digits by default",
    }
    if not basic:
        names |= {16: FAMILY, 17: weight}
    for number in (1, 2, 3, 4, 6, 10, 16, 17, 21, 22, 25):
        name.removeNames(nameID=number)
    for number, text in names.items():
        name.setName(text, number, 3, 1, 0x409)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tarfile.open(sys.argv[1]) as package:
        for weight in WEIGHTS:
            source = package.extractfile(f"package/web/Inter-{weight}.woff2").read()
            font = TTFont(io.BytesIO(source), recalcTimestamp=False)
            font.flavor = None
            make_digits_tabular(font)
            unkern_digits(font)
            subset(font)
            rename(font, weight)
            path = Path(__file__).with_name(f"SealpointInter-{weight}.ttf")
            font.save(path)
            size = path.stat().st_size
            assert size <= LIMIT, f"{path.name} has {size} bytes"
            print(f"{path.name}: {len(font.getGlyphOrder())} glyphs, {size} bytes")


if __name__ == "__main__":
    main()
