"""A browser's own description in a few words: coarse, so that an update of it makes no other browser."""

from __future__ import annotations

# The first that is found: Edge says Chrome too, and Chrome says Safari.
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
LONGEST = 60  # characters


def describe_browser(agent: str) -> str:
    """ "Firefox on Windows"; the program's own name where it is no known browser; empty where it has none."""
    browser = next((name for part, name in BROWSERS.items() if part in agent), "")
    system = next((name for part, name in SYSTEMS.items() if part in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return (browser or agent.split("/")[0].strip())[:LONGEST]
