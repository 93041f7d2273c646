"""A user agent in a few words: coarse, so that a browser stays the same after an update."""

from __future__ import annotations

# The first match counts: Edge also claims to be Chrome, and Chrome to be Safari.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
MAX_LENGTH = 60  # characters


def describe_browser(agent: str) -> str:
    """ "Firefox on Windows"; the program's own name where the browser is unknown; empty where it has none."""
    browser = next((name for part, name in BROWSERS.items() if part in agent), "")
    system = next((name for part, name in SYSTEMS.items() if part in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return (browser or agent.split("/")[0].strip())[:MAX_LENGTH]
