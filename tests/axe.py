"""axe-core's rules as our pages are held to them. Only what is wrong is gathered: to name every node that is
right takes longer than to look.
"""

from typing import Any

VIOLATIONS = {"resultTypes": ["violations"]}
RULES: Any = VIOLATIONS | {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS: Any = VIOLATIONS | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SCHEMES: Any = (("light", RULES), ("dark", COLOURS))  # in the dark nothing but colours is another
