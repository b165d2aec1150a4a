"""What is put around a prompt before it is asked: a system message, and a template. Pure."""

from collections.abc import Iterable, Mapping

# Replaced as it stands; any other brace in a template is a brace.
PLACE = "{prompt}"
# The names under which a run's parameters keep them.
FRAME = ("system", "template")


def framed(
    messages: Iterable[Mapping[str, str]], *, system: str = "", template: str = ""
) -> list[dict[str, str]]:
    """The messages as they are sent. The template goes around the last one, which is the user's.
    A system message of the prompt's own follows ours in one message: many chat templates take
    one, and only at the beginning."""
    asked = [{"role": one["role"], "content": one["content"]} for one in messages]
    if template and asked:
        asked[-1]["content"] = template.replace(PLACE, asked[-1]["content"])
    if system and asked and asked[0]["role"] == "system":
        asked[0]["content"] = f"{system}\n\n{asked[0]['content']}"
    elif system:
        asked.insert(0, {"role": "system", "content": system})
    return asked


def frame_of(params: Mapping) -> dict[str, str]:
    """The part of a run's parameters that `framed` takes."""
    return {name: params[name] for name in FRAME if params.get(name)}
