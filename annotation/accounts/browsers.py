"""A browser by the name that its user knows. Pure.

What browsers call themselves is a history of pretending: Edge says Chrome and Safari, Chrome says
Safari, all say Mozilla. So the more particular word is looked for first. It is for people to know
their own browsers by; nothing is decided by it.
"""

from django.utils.translation import gettext as _

BROWSERS = (
    ("Firefox", ("Firefox/", "FxiOS/")),
    ("Edge", ("Edg/", "EdgA/", "EdgiOS/", "Edge/")),
    ("Opera", ("OPR/", "Opera")),
    ("Vivaldi", ("Vivaldi/",)),
    ("Samsung Internet", ("SamsungBrowser/",)),
    ("Chrome", ("CriOS/", "Chrome/")),
    ("Chromium", ("Chromium/",)),
    ("Safari", ("Safari/",)),
    ("curl", ("curl/",)),
)
SYSTEMS = (
    ("iPhone", ("iPhone",)),
    ("iPad", ("iPad",)),
    ("Android", ("Android",)),
    ("ChromeOS", ("CrOS",)),
    ("Windows", ("Windows",)),
    ("macOS", ("Macintosh", "Mac OS X")),
    ("Linux", ("Linux", "X11")),
)


def browser_name(agent: str) -> str:
    """“Firefox on Linux” of a User-Agent header; what it begins with where nobody knows it."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    if browser or system:
        return browser or _("A browser on %(system)s") % {"system": system}
    return agent.split("/")[0].strip()[:40] or _("An unknown browser")


def _first(known, agent: str) -> str:
    return next((name for name, words in known if any(word in agent for word in words)), "")
