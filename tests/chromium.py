"""The Chromium of all tests with a browser, without what only a person at its window would need.

`make test` unpacks Debian's build of the installed one that has no window at all: the same engine of the same
version, and a third less processor time for each page. Where that cannot be had, it is the installed one.
"""

import os
from pathlib import Path

_WINDOWLESS = Path(__file__).parents[1] / ".venv/chromium/usr/lib/chromium/chromium-headless-shell"
_INSTALLED = "/usr/bin/chromium"
EXECUTABLE = os.environ.get("TESTS_CHROMIUM") or (str(_WINDOWLESS) if _WINDOWLESS.exists() else _INSTALLED)
# Of two flags that switch features off the last one counts: so what Playwright switches off stands here, too.
_PLAYWRIGHTS = (
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay",
    "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)  # fmt: skip
# Pages that it loads beside each of ours for its address bar, which nobody sees: half of what a visit costs.
_ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    f"--disable-features={','.join((*_PLAYWRIGHTS, *_ADDRESS_BAR))}",
]  # fmt: skip
