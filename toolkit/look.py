"""How charts and pages look: colours by role, sizes and widths, as `look.toml` says them once.

>>> LIGHT["data"], SIZE["chart"], WIDTH["text"]
('#1f6db5', 12, 800)
>>> with_variables('<path fill="#1f6db5"/>')
'<path fill="var(--data, #1f6db5)"/>'
"""

import re
import tomllib
from pathlib import Path

_LOOK = tomllib.loads((Path(__file__).parent / "look.toml").read_text(encoding="utf-8"))
LIGHT, DARK, SIZE, WIDTH = (_LOOK[name] for name in ("light", "dark", "size", "width"))
_ROLES = {colour: role for role, colour in LIGHT.items()}
# Outside of a report, as in JupyterLab, text takes the colour of the text around it, and no page shines through.
_ELSEWHERE = {"ink": "currentColor", "page": "transparent"}


def variable(role):
    """The name of a role's colour in the style sheet.

    >>> variable("bad_chip")
    '--bad-chip'
    """
    return f"--{role.replace('_', '-')}"


def with_variables(svg):
    """A drawing whose colours are those of the page that it stands in."""

    def named(found):
        role = _ROLES.get(found[0].lower())
        return found[0] if role is None else f"var({variable(role)}, {_ELSEWHERE.get(role, found[0].lower())})"

    return re.sub(r"#[0-9a-fA-F]{6}\b", named, svg)


def custom_properties():
    """The style sheet's first rules: each role's colour, light and dark, and each size in px.

    >>> custom_properties().splitlines()[0][:40]
    ':root{color-scheme:light;--page:#ffffff;'
    """

    def colours(chosen):
        return "".join(f"{variable(role)}:{colour};" for role, colour in chosen.items())

    sizes = "".join(f"--size-{name.replace('_', '-')}:{value}px;" for name, value in SIZE.items())
    widths = "".join(f"--width-{name.replace('_', '-')}:{value}px;" for name, value in WIDTH.items())
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{colours(DARK)}}}}}"
    return f":root{{color-scheme:light;{colours(LIGHT)}{sizes}{widths}}}\n{dark}\n"
