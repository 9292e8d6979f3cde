"""Texts with personal data of each kind, in five languages, and texts that only look as if they held some.

Made, not collected: the numbers have right check digits and belong to nobody. A seed makes them the same every time.
The ways of writing are those that people use; some are hard on purpose, so that the recall says something.
"""

import random

from stdnum import iban, luhn
from stdnum.es import ccc, dni, nie
from stdnum.it import codicefiscale
from stdnum.pl import pesel
from stdnum.ro import cnp

LANGUAGES = ("en", "it", "ro", "pl", "es")
# What stands around a value; "{}" is the value. The last of each kind says nothing of what comes.
FRAMES = {
    "email": {
        "en": ["please write to {} today", "My address is {}, thanks", "Sam <{}> wrote:", "{}"],
        "it": ["scrivetemi a {} grazie", "la mia mail è {}.", "(mail: {})", "{} non risponde"],
        "ro": ["scrieți-mi la {} vă rog", "adresa mea: {}", "e-mail={}", "{} nu merge"],
        "pl": ["proszę pisać na {}", "mój adres to {}, dziękuję", "mail:{}", "{} nie działa"],
        "es": ["escribidme a {} por favor", "mi correo es {}.", "[{}]", "{} no funciona"],
    },
    "phone": {
        "en": ["call me on {} please", "My number is {}.", "tel: {}", "ring {} after six", "we tried {} twice"],
        "it": ["chiamatemi al {} grazie", "cell. {}", "il mio numero è {}", "telefono {}", "ho provato {} due volte"],
        "ro": ["sunați-mă la {} vă rog", "tel {}", "numărul meu este {}", "mobil: {}", "am încercat {} de două ori"],
        "pl": ["proszę zadzwonić {}", "tel. {}", "mój numer to {}", "kom. {}", "próbowałem {} dwa razy"],
        "es": ["llámame al {} por favor", "móvil {}", "mi número es {}", "tlf/whatsapp {}", "probé {} dos veces"],
    },
    "card": {
        "en": ["my card {} was charged twice", "card number: {}", "{}"],
        "it": ["la carta {} è stata addebitata", "numero carta: {}", "{}"],
        "ro": ["cardul {} a fost debitat", "număr card: {}", "{}"],
        "pl": ["karta {} została obciążona", "numer karty: {}", "{}"],
        "es": ["la tarjeta {} fue cobrada", "número de tarjeta: {}", "{}"],
    },
    "iban": {
        "en": ["refund to {} please", "IBAN: {}", "account {}, thanks", "{}"],
        "it": ["rimborso su {} grazie", "IBAN {}", "conto: {}.", "{}"],
        "ro": ["returnați banii în {} vă rog", "IBAN: {}", "cont {}", "{}"],
        "pl": ["zwrot na {} proszę", "IBAN: {}", "konto {}.", "{}"],
        "es": ["devolver a {} gracias", "IBAN: {}", "cuenta {}.", "{}"],
    },
    "id": {
        "en": ["my identity number is {}, thanks", "ID {}.", "{}", "it's {} as I said"],
        "it": ["il mio codice fiscale è {} grazie", "C.F. {}", "{}", "ecco: {}."],
        "ro": ["CNP-ul meu este {} mulțumesc", "CNP: {}", "{}", "iată {}."],
        "pl": ["mój PESEL to {} dziękuję", "PESEL: {}", "{}", "oto {}."],
        "es": ["mi DNI es {} gracias", "NIF/NIE: {}", "{}", "aquí está {}."],
    },
    "ip": {
        "en": ["login from {} failed", "IP {}", "my router shows {}", "{} again"],
        "it": ["accesso da {} fallito", "indirizzo IP: {}", "il router mostra {}", "{} di nuovo"],
        "ro": ["autentificare de la {} eșuată", "adresa IP {}", "routerul arată {}", "{} iar"],
        "pl": ["logowanie z {} nie działa", "adres IP: {}", "router pokazuje {}", "{} znowu"],
        "es": ["acceso desde {} fallido", "dirección IP {}", "el router muestra {}", "{} otra vez"],
    },
    "token": {
        "en": ["the link {} fails", "open {} please", '<a href="{}">here</a>'],
        "it": ["il link {} non va", "aprite {} grazie", '<a href="{}">qui</a>'],
        "ro": ["linkul {} nu merge", "deschideți {} vă rog", '<a href="{}">aici</a>'],
        "pl": ["link {} nie działa", "otwórz {} proszę", '<a href="{}">tutaj</a>'],
        "es": ["el enlace {} no va", "abrid {} por favor", '<a href="{}">aquí</a>'],
    },
    "handle": {
        "en": ["thanks {}!", "{} nothing works", "cc {}, please", "(by {})"],
        "it": ["grazie {}!", "{} non funziona niente", "cc {} grazie", "(di {})"],
        "ro": ["mulțumesc {}!", "{} nu merge nimic", "cc {} vă rog", "(de {})"],
        "pl": ["dzięki {}!", "{} nic nie działa", "cc {} proszę", "(od {})"],
        "es": ["¡gracias {}!", "{} no funciona nada", "cc {} por favor", "(de {})"],
    },
}
EACH = 60  # texts of a kind
WIDE = str.maketrans("0123456789@.+", "０１２３４５６７８９＠．＋")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def _digits(dice, n, first="0123456789"):
    return dice.choice(first) + "".join(dice.choice("0123456789") for _ in range(n - 1))


def _grouped(text, sizes, by=" "):
    parts, place = [], 0
    for size in sizes:
        parts.append(text[place : place + size])
        place += size
    return by.join([*filter(None, parts), *([text[place:]] if text[place:] else [])])


def email(dice, language):
    names = [
        "anna.rossi",
        "ion_popescu",
        "j.kowalski",
        "maria-lopez",
        "o'neill",
        "sam+shop",
        "K.NOWAK",
        "ștefan",
        "x",
        "jörg.müller",
    ]
    hosts = [
        "example.com",
        "mail.example.co.uk",
        "poczta.example.pl",
        "EXAMPLE.IT",
        "correo.example.es",
        "sub.a.example.ro",
        "exämple.de",
        "example.museum",
    ]
    name, host = dice.choice(names), dice.choice(hosts)
    ways = [f"{name}@{host}"] * 6 + [
        f"{name} [at] {host}",
        f"{name}(at){host}",
        f"{name}%40{host}",
        f"{name}&#64;{host}",
    ]
    ways += [f"{name}@\u200b{host}", f"{name}＠{host}", f"{name} at {host.replace('.', ' dot ')}"]
    return dice.choice(ways)


def phone(dice, language):
    mobile = {"en": "7700900" + _digits(dice, 3), "it": "347" + _digits(dice, 7), "ro": "722" + _digits(dice, 6)}
    mobile |= {"pl": "601" + _digits(dice, 6), "es": "612" + _digits(dice, 6)}
    country = {"en": "44", "it": "39", "ro": "40", "pl": "48", "es": "34"}[language]
    own = mobile[language]
    trunk = "0" if language in ("en", "ro") else ""
    sizes = {"en": (4, 3, 3), "it": (3, 3, 4), "ro": (3, 3, 3), "pl": (3, 3, 3), "es": (3, 2, 2, 2)}[language]
    said = _grouped(own, sizes)
    home = {
        "en": "020 7946 0" + _digits(dice, 3),
        "it": "011 5678" + _digits(dice, 3),
        "ro": "021 312 " + _digits(dice, 4),
    }
    home |= {
        "pl": "22 621 " + _digits(dice, 2) + " " + _digits(dice, 2),
        "es": "91 521 " + _digits(dice, 2) + " " + _digits(dice, 2),
    }
    ways = [
        f"+{country} {said}",
        f"+{country}{own}",
        f"00{country} {said}",
        f"(+{country}) {said}",
        f"{trunk}{said}",
        f"{trunk}{own}",
    ]
    ways += [
        home[language],
        f"{trunk}{said}".replace(" ", "-"),
        f"{trunk}{said}".replace(" ", "."),
        f"+{country}-{said.replace(' ', '-')}",
    ]
    ways += [
        f"+{country} {said}".translate(WIDE),
        f"+{country} {said}".replace(" ", "\u00a0"),
        f"+{country}\u200b{own}",
    ]
    return dice.choice(ways)


def card(dice, language):
    first, size = dice.choice(
        [
            ("4", 16),
            ("51", 16),
            ("55", 16),
            ("2221", 16),
            ("37", 15),
            ("36", 14),
            ("6011", 16),
            ("3530", 16),
            ("6759", 16),
        ]
    )
    own = first + _digits(dice, size - len(first) - 1)
    own += luhn.calc_check_digit(own)
    by = _grouped(own, (4, 6, 5) if size == 15 else (4, 4, 4, 4))
    return dice.choice(
        [
            own,
            by,
            by,
            by.replace(" ", "-"),
            by.replace(" ", "."),
            by.translate(WIDE),
            by.replace(" ", "\u00a0"),
            own.translate(ARABIC),
        ]
    )


def account(dice, language):
    # (what comes after the check digits, of which Spain has two more within)
    if language == "es":
        bank, own = _digits(dice, 8), _digits(dice, 10)
        inner = bank + ccc.calc_check_digits(bank + "00" + own) + own
    else:
        inner = {"en": "WEST" + _digits(dice, 14), "ro": "AAAA" + _digits(dice, 16), "pl": _digits(dice, 24)}.get(
            language
        )
        inner = inner or "X" + _digits(dice, 22)
    country = {"en": "GB"}.get(language, language.upper())
    made = country + iban.calc_check_digits(f"{country}00{inner}") + inner
    by = _grouped(made, [4] * 8)
    ways = [made, by, by.lower(), made.lower(), by.replace(" ", "-"), by.translate(WIDE), by.replace(" ", "\u00a0")]
    return dice.choice([*ways, f"{made[:8]}\u200b{made[8:]}"])


def codice_fiscale(dice, language):
    letters = "BCDFGLMNPRSTVZ"
    own = "".join(dice.choice(letters) for _ in range(6)) + f"{dice.randint(40, 99)}" + dice.choice("ABCDEHLMPRST")
    own += f"{dice.choice([0, 40]) + dice.randint(1, 28):02d}" + dice.choice(["H501", "F205", "L219", "A562", "Z404"])
    own += codicefiscale.calc_check_digit(own)
    by = _grouped(own, (3, 3, 5, 5))
    return dice.choice(
        [own, own, own.lower(), by, own.translate(WIDE), f"{own[:6]}\u200b{own[6:]}", _grouped(own, (6, 5, 5), "-")]
    )


def nif(dice, language):
    own = _digits(dice, 8)
    own += dni.calc_check_digit(own)
    dotted = f"{own[:2]}.{own[2:5]}.{own[5:8]}"
    return dice.choice(
        [
            own,
            own,
            own.lower(),
            f"{own[:8]}-{own[8]}",
            f"{own[:8]} {own[8]}",
            f"{dotted}-{own[8]}",
            own.translate(WIDE),
            own[:4] + "\u200b" + own[4:],
        ]
    )


def foreigner(dice, language):
    own = dice.choice("XYZ") + _digits(dice, 7)
    own += nie.calc_check_digit(own)
    return dice.choice(
        [
            own,
            own,
            own.lower(),
            f"{own[0]}-{own[1:8]}-{own[8]}",
            f"{own[:8]} {own[8]}",
            own.translate(WIDE),
            own[:4] + "\u200b" + own[4:],
        ]
    )


def polish(dice, language):
    own = f"{dice.randint(40, 99)}{dice.randint(1, 12):02d}{dice.randint(1, 28):02d}" + _digits(dice, 4)
    own += pesel.calc_check_digit(own)
    return dice.choice(
        [
            own,
            own,
            own,
            f"{own[:6]} {own[6:]}",
            f"{own[:6]}-{own[6:]}",
            own.translate(WIDE),
            own.translate(ARABIC),
            own[:6] + "\u200b" + own[6:],
        ]
    )


def romanian(dice, language):
    own = (
        dice.choice("12")
        + f"{dice.randint(40, 99)}{dice.randint(1, 12):02d}{dice.randint(1, 28):02d}"
        + f"{dice.randint(1, 46):02d}"
        + _digits(dice, 3, "123456789")
    )
    own += cnp.calc_check_digit(own)
    return dice.choice(
        [
            own,
            own,
            own,
            f"{own[0]} {own[1:7]} {own[7:]}",
            own.translate(WIDE),
            own.translate(ARABIC),
            own[:6] + "\u200b" + own[6:],
        ]
    )


def address(dice, language):
    four = ".".join(
        [str(dice.choice([31, 79, 93, 151, 188, 203, 10, 192])), *(str(dice.randint(1, 254)) for _ in range(3))]
    )
    six = "2a02:" + ":".join(f"{dice.randint(16, 65535):x}" for _ in range(7))
    short = f"2001:db8:{dice.randint(256, 65535):x}::{dice.randint(256, 65535):x}:{dice.randint(1, 9)}"
    return dice.choice([four, four, four, f"{four}:443", f"{four}/24", six, six.upper(), short, four.translate(WIDE)])


def link(dice, language):
    opaque = "".join(dice.choice("0123456789abcdef") for _ in range(32))
    mixed = "".join(dice.choice("abcdefghkmnpqrstuvwxyzABCDEFGHKMNPQRSTUVWXYZ23456789") for _ in range(24)) + "7x4K"
    short = _digits(dice, 4) + dice.choice("abc") + _digits(dice, 5)
    # (link, what of it is secret)
    return dice.choice(
        [
            (f"https://shop.example/reset?token={opaque}", opaque),
            (f"https://shop.example/o?lang=it&session_id={short}&x=1", short),
            (f"https://shop.example/track/{opaque}", opaque),
            (f"https://shop.example/u/{mixed}/invoice.pdf", mixed),
            (f"https://ann:{mixed}@intranet.example/page", mixed),
            (f"www.shop.example/confirm?code={short}#top", short),
            (f"https://app.example/#access_token={mixed}&type=bearer", mixed),
            (
                f"https://x.example/v/{opaque[:8]}-{opaque[8:12]}-4{opaque[12:15]}-a{opaque[15:18]}-{opaque[18:30]}",
                opaque[18:30],
            ),
            (f"ftp://bob:{short}@files.example/in", short),
        ]
    )


def handle(dice, language):
    return dice.choice(
        [
            "@anna_rossi",
            "@brandHelp",
            "@ion.popescu",
            "@kasia1987",
            "@señor_x",
            "@OpCareRO",
            "@łukasz",
            "@x_1",
            "＠anna_rossi",
            "@99problems",
        ]
    )


MAKERS = {
    "email": (email, "email", LANGUAGES),
    "phone": (phone, "phone", LANGUAGES),
    "card": (card, "card", LANGUAGES),
    "iban": (account, "iban", LANGUAGES),
    "codice_fiscale": (codice_fiscale, "id", ("it", "en")),
    "nif": (nif, "id", ("es", "en")),
    "nie": (foreigner, "id", ("es", "en")),
    "pesel": (polish, "id", ("pl", "en")),
    "cnp": (romanian, "id", ("ro", "en")),
    "ip": (address, "ip", LANGUAGES),
    "token": (link, "token", LANGUAGES),
    "handle": (handle, "handle", LANGUAGES),
}


def positives(seed=10):
    """[(kind, language, text, what must not be left of it)]."""
    dice, made = random.Random(seed), []
    for kind, (make, frames, languages) in MAKERS.items():
        for number in range(EACH):
            language = languages[number % len(languages)]
            value = make(dice, language)
            value, secret = value if isinstance(value, tuple) else (value, value)
            made.append((kind, language, dice.choice(FRAMES[frames][language]).format(value), secret))
    return made


def negatives(seed=11):
    """Texts of a service's day in which nothing is personal data."""
    dice = random.Random(seed)
    fixed = """Order 48211 of 15 April|Ordine n. 2024-004521|Comanda 7788990 nu a ajuns|Zamówienie nr 100200300|Pedido nº 778899
Invoice 2024/000123 over 1,250.00 EUR|Fattura 12345678 del 05/03/2024|Factura 612345678|Faktura VAT 601234567|Factura nº 612 345 678
on 2024-03-05 at 14:30:15|il 05/03/2024 alle 14:30|pe 05.03.2024 la 14:30|dnia 5.03.2024 o 14:30|el 5-3-2024 a las 14:30
2024-04-29T00:00:00+02:00|2024-04-29 08:15:00.123456|20240429T081500Z|1711929600|1711929600000|12:30:45:999
version 1.2.3.4|v10.12.134.200|Chrome 120.0.6099.224|firmware 192.168.100.201|app 5.14.200.118|1.2.3.4|release 2024.11.25.1|§ 4.2.1.10
3 @ 4.50|2 pcs @ 19.90 €|5@2.99|@ 10:30|meet @ noon|lunch @ 12|a @ b|10 @ $5.00|SKU@EU|@
1.250.000 customers|1 250 000 zł|1'250'000 CHF|12,345,678 rows|1.234.567.890 bytes|31,359 of 44,903|12 345 678,90 zł|1 234 567 890|0.123456789|99.98765432 %
5,210 (4,998 to 5,422)|13.7 % (11.0 to 17.8)|−2.1 pts|12.1 min|3 d 4 h|-0.00012345|1e-10|1.5e+300|NaN|100000000
GB82 WEST 1234 5698 7654 33|IT60X0542811101000000123457|RO50 AAAA 1B31 0075 9384 0000|PL61109010140000071219812875|ES9121000418450200051333|AB12 CDEF 3456 7890 1234
4111 1111 1111 1112|1234 5678 9012 3456|0000 0000 0000 0001|9999999999999999|5500 0000 0000 0005|EAN 4006381333931|ISBN 978-3-16-148410-1|IMEI 490154203237519
12345678A|87654321Z|X1234567A|RSSMRA85T10A562T|44051401358|1800101221145|ABCDEF12G34H567I|Y0000000A|PESEL-like 12345678901|99999999999
tracking 1Z999AA10123456784|AWB 2045678901|parcel 00340434161094042557|RR123456785RO|przesyłka 620012345678901234567890|seguimiento PQ4F7H0512345670128047P|colet 10500123456
sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08|deadbeef|0x7ffee4b1c8d0|#1f6db5|550e8400-e29b-41d4-a716-446655440000|commit 80dd20e|00:1B:44:11:3A:B7
https://example.com/help/how-to-reset-your-password-2024|https://shop.example/products?page=2&lang=it|www.example.com/a/b|http://example.com:8080/x|https://example.com/reports/2024-04-15/index.html|https://doi.org/10.1145/3290605.3300234|https://example.com/search?q=router&year=2024|https://en.wikipedia.org/wiki/Erlang_(unit)
@property|@media print|@dataclass(frozen=True)|@types/node|@pytest.mark.parametrize|@import url(x.css)|@font-face|@functools.cache
std::vector|a::b::c|10:20:30|::1|127.0.0.1|0.0.0.0|fe80|12:34|ab:cd|16:9
MacBook Pro 2021 16 512|50 GB for 19.90|5G at 100 Mbps|24/7|9 to 5|7-10 days|A4 210 x 297 mm|220-240 V 50/60 Hz|iPhone 15 Pro Max 256|RTX 4090
ticket 612345678|ticket #0722123456|case 00123456|ref 347 123 4567|account 0123456789|customer 601234567|ID 3471234567|contract 0722 123 456|serial 07221234567|pratica 3471234567
from 1 to 12 April 2024|week 15 of 2024|2019-2024|1998 2001 2004|0-100|10-20-30-40|1/2/3/4|Q1 2024, Q2 2024|2023.12.31|31.12.2023 23:59
Team 7 (4 of 12)|top 10|n = 12|9,5 von 10|100 %|x2|v2|B2B|C3PO|R2-D2
👍👍 5/5|😡 0/10|⭐⭐⭐⭐⭐|👨‍👩‍👧‍👦 plan|1️⃣2️⃣3️⃣|☎️ support|✅ 12|🇮🇹🇷🇴🇵🇱|🔟|💯
Thanks, the router works|Grazie mille, tutto a posto|Mulțumesc, merge|Dziękuję, działa|Gracias, ya funciona|the box at home.example|at (at) the|dot com bubble|look at this. That|e-mail""".splitlines()
    made = [text for line in fixed for text in line.split("|")]
    for _ in range(10):  # numbers that a service gives: of no person
        made.append(f"order {_digits(dice, dice.randint(6, 12))}")
        made.append(f"invoice {_digits(dice, 4)}/{_digits(dice, 6)}")
        made.append(f"parcel {_digits(dice, 14, '3')}")
        made.append(f"{_digits(dice, 2)},{_digits(dice, 3)} of {_digits(dice, 2)},{_digits(dice, 3)}")
        made.append(f"row {_digits(dice, 8)} of {_digits(dice, 9)}")
        made.append(f"ORD-{_digits(dice, 10)}")
        made.append(f"{dice.randint(1, 3)}.{dice.randint(0, 20)}.{dice.randint(0, 40)}.{dice.randint(0, 9)}")
        made.append("".join(dice.choice("0123456789abcdef") for _ in range(dice.choice([8, 12, 16, 40]))))
        made.append(
            f"{dice.randint(1, 28):02d}/{dice.randint(1, 12):02d}/{dice.randint(2000, 2024)} {dice.randint(0, 23):02d}:{dice.randint(0, 59):02d}"
        )
        made.append(f"{_digits(dice, 3)} {_digits(dice, 3)} {_digits(dice, 3)} rows")
    return made
