"""Invented organisations for the demonstration, always the same: real-world shapes, nobody's real name.

The domain `.example` and the telephone numbers are reserved for examples or belong to nobody we know of.
"""

from collections.abc import Iterator
from dataclasses import dataclass

#: Names as people type them: accents, apostrophes, ampersands, other scripts, very long ones, emoji.
TYPED_NAMES = (
    "Harbour Logistics",
    "Müller & Söhne Feinmechanik",
    "O'Brien Veterinary Clinic",
    "Café Señorita",
    "Ångström Instruments AB",
    "株式会社みなと商事",
    "北河书店",
    "한빛 디자인",
    "Żółć Transport Sp. z o.o.",
    "Île-de-Mer Conserverie",
    "Smith, Jones & Daughters",
    "L'Atelier d'Émilie",
    "Kiosk 24 🥐",
    "Εργαστήρι Θάλασσα",
    "Фабрика «Север»",
    "Crème & Sugar",
    "Nguyễn Trading",
    "The Society for the Preservation of Narrow-Gauge Railways, Canal Boats and Slow Conveyances of the North",
    "Ærø Møbler",
    "Straßenbau Größenwahn",
    "D'Angelo Pizzeria",
    "100% Organic",
    "Gewürzhaus Schön",
    "Peña y Hijos",
    "Dvořák Glass",
)

_PLACES = (
    "Alderbrook", "Ashgrove", "Birchfield", "Blackwater", "Bramley", "Brightsea", "Cedar Hill", "Coldspring",
    "Copperfield", "Cranmoor", "Eastmere", "Elmstead", "Fairhaven", "Fernley", "Foxglen", "Goldcrest", "Greenholm",
    "Hawthorn", "Heathside", "Highmoor", "Ivybridge", "Juniper Bay", "Kestrel Point", "Lakeview", "Larkfield",
    "Longmarsh", "Maplewood", "Millbank", "Northgate", "Oakhurst", "Otterburn", "Pinecliff", "Quarry Bank",
    "Redwater", "Riverton", "Rosemount", "Saltmarsh", "Silverdale", "Stonebridge", "Thornbury",
)  # fmt: skip
_TRADES = (
    "Dental Care", "Architects", "Legal Partners", "Insurance Brokers", "Freight", "Foods", "Precision Tools",
    "Housing Association", "Pharmacy", "Grammar School", "Brewing", "Engineering", "Analytics", "Print & Media",
    "Hospital Trust", "Wind Farms", "Textiles", "Credit Union", "Museum", "Optics",
)  # fmt: skip
_STREETS = ("Harbour Street", "Mill Lane", "Station Road", "Market Square", "Orchard Way", "Canal Side", "High Street")
_TOWNS = ("Kiel", "Bremen", "Lübeck", "Rostock", "Stralsund", "Wismar", "Flensburg", "Emden")


@dataclass(frozen=True)
class Organisation:
    """What the demonstration tells the portal of a customer."""

    name: str
    address: str
    phone: str


def organisations(count: int) -> Iterator[Organisation]:
    """Return that many organisations, all of different names."""
    for number in range(count):
        yield Organisation(
            name=_name(number),
            address=f"{1 + number * 7 % 180} {_STREETS[number % len(_STREETS)]}, {_TOWNS[number * 3 % len(_TOWNS)]}",
            phone=f"+4930{2_000_000 + number * 311}",
        )


def _name(number: int) -> str:
    if number < len(TYPED_NAMES):
        return TYPED_NAMES[number]
    rest = number - len(TYPED_NAMES)
    # Places and trades advance together and meet in a new pair each time until all 800 pairs are used.
    return f"{_PLACES[rest % len(_PLACES)]} {_TRADES[(rest + rest // len(_PLACES)) % len(_TRADES)]}"
