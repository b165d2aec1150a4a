"""Numbers of a run as people read them: for the pages and the command."""

from dataclasses import dataclass

STAGES = (
    ("check data", "Check data"),
    ("load models", "Load models"),
    ("train", "Train"),
    ("evaluate", "Evaluate"),
    ("publish", "Publish"),
)


@dataclass(frozen=True)
class Figure:
    """A number, the interval it lies in where it is known, and what to call it."""

    name: str
    value: str
    interval: str = ""
    note: str = ""


def number(value, digits=3) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.{digits}f}".replace("-", "−")
    return "—" if value is None else str(value)


def interval(entry) -> str:
    if not isinstance(entry, dict) or entry.get("low") is None or entry.get("high") is None:
        return ""
    return f"{number(entry['low'])} to {number(entry['high'])}"


def accuracies(metrics, baselines) -> list[Figure]:
    """The held-out accuracy and, right beside it, what length alone reaches. Empty without."""
    accuracy = (metrics or {}).get("accuracy")
    if not isinstance(accuracy, dict):
        return []
    count = metrics.get("comparisons")
    held_out = f"on {count:,} held-out comparisons" if isinstance(count, int) else "held out"
    figures = [Figure("Accuracy", number(accuracy["value"]), interval(accuracy), held_out)]
    length = (baselines or {}).get("length")
    if isinstance(length, dict):
        rule = f"the {length['rule']} response wins" if length.get("rule") else "by length alone"
        figures.append(Figure("Length alone", number(length["value"]), interval(length), rule))
    return figures


def verdict(metrics) -> str:
    """Whether it learned more than length: a sentence, or nothing where nothing was compared."""
    gain = (metrics or {}).get("beats_length")
    if not isinstance(gain, dict) or gain.get("value") is None:
        return ""
    size = f"{100 * gain['value']:+.1f} points".replace("-", "−")
    within = ""
    if gain.get("low") is not None:
        within = f", 95 % interval {100 * gain['low']:+.1f} to {100 * gain['high']:+.1f}"
    judged = "Better than length alone" if gain.get("better") else "Not better than length alone"
    return f"{judged}: {size}{within.replace('-', '−')}."


def other_figures(values, *, without=("accuracy", "beats_length", "baselines", "initial")):
    """The remaining numbers of a report, one level deep, in its own order."""
    figures = []
    for name, value in (values or {}).items():
        if name in without:
            continue
        if isinstance(value, dict) and "value" in value:
            figures.append(Figure(name, number(value["value"]), interval(value)))
        elif isinstance(value, dict):
            for key, inner in value.items():
                if not isinstance(inner, dict | list):
                    figures.append(Figure(f"{name}, {key}", number(inner, 4)))
        elif not isinstance(value, list):
            figures.append(Figure(name, number(value, 4)))
    return figures


def significant(value) -> str:
    """Four digits that count, for numbers of any size."""
    if isinstance(value, float):
        return f"{value:.4g}".replace("-", "−")
    return number(value)


def setting(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
