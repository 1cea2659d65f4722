#!/usr/bin/env python3
"""Take our icons out of the npm package @material-symbols/svg-400 (Apache-2.0).

    npm pack @material-symbols/svg-400@0.48.2
    python3 make.py material-symbols-svg-400-0.48.2.tgz

Each becomes one 24x24 file with one path in currentColor, under the name by
which the screens ask for it. The table below is the list of our icons.
"""

import re
import sys
import tarfile
from pathlib import Path

ICONS = {
    # categories, named as in the catalogue
    "category-produce": "nutrition",
    "category-bakery": "bakery_dining",
    "category-dairy": "egg",
    "category-meat": "outdoor_grill",
    "category-fish": "set_meal",
    "category-drinks": "water_bottle",
    "category-alcohol": "liquor",
    "category-pantry": "rice_bowl",
    "category-snacks": "cookie",
    "category-frozen": "snowflake",
    "category-household": "cleaning_services",
    "category-care": "soap",
    "category-other": "shopping_bag",
    # taking money
    "card": "credit_card",
    "card-off": "credit_card_off",
    "contactless": "contactless",
    "cash": "payments",
    "receipt": "receipt_long",
    # the state of the till
    "link": "wifi",
    "link-off": "wifi_off",
    "queue": "cloud_upload",
    "queue-empty": "cloud_done",
    "queue-stuck": "cloud_alert",
    "reader": "smart_card_reader",
    "reader-off": "smart_card_reader_off",
    "cashier": "person",
    "clock": "schedule",
    "hourglass": "hourglass",
    "store": "store",
    # actions
    "search": "search",
    "barcode": "barcode",
    "price-check": "sell",
    "quantity": "close_small",
    "keypad": "dialpad",
    "tiles": "apps",
    "park": "pause_circle",
    "recall": "play_circle",
    "delete": "delete",
    "void": "undo",
    "help": "help",
    "backspace": "backspace",
    "return": "keyboard_return",
    "check": "check",
    "close": "close",
    "more": "more_horiz",
    "print": "print",
    "lock": "lock",
    "theme": "contrast",
    "up": "keyboard_arrow_up",
    "down": "keyboard_arrow_down",
    # notices
    "success": "check_circle",
    "warning": "warning",
    "error": "error",
    "info": "info",
    # properties of an item
    "weighed": "scale",
    "age-18": "18_up_rating",
    "age-check": "id_card",
}

PATH = re.compile(r'<path d="([^"]+)"/>')


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    here = Path(__file__).parent
    for old in here.glob("*.svg"):
        old.unlink()
    with tarfile.open(sys.argv[1]) as package:
        for name, source in ICONS.items():
            svg = package.extractfile(f"package/rounded/{source}.svg").read().decode()
            paths = PATH.findall(svg)
            assert len(paths) == 1, f"{source} has {len(paths)} paths"
            (here / f"{name}.svg").write_text(
                '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" '
                f'viewBox="0 -960 960 960" fill="currentColor"><path d="{paths[0]}"/></svg>\n'
            )
    print(f"{len(ICONS)} icons")


if __name__ == "__main__":
    main()
