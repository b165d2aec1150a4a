"""Which generator wrote what an endpoint answered."""

import re

from annotation.prompts.models import Generator

# The first digits of a manifest's hash, as our own server signs its answers.
SIGNED = re.compile(r"[0-9a-f]{12}")
# A published folder's name, under which other servers know a model of ours.
FOLDER = re.compile(r"[^/]+-[0-9a-f]{12}")


def author_of(project, *, asked: str, answered: str, fingerprint: str) -> Generator:
    """The model that was asked; as its revision the name that it answers to, if another. A model
    of ours is the same generator behind an endpoint as it is in a run of its own."""
    if own := _own_model(project, answered or asked, fingerprint):
        return own
    revision = answered[:100] if answered != asked else ""
    found, _is_new = Generator.objects.get_or_create(
        project=project, name=asked, revision=revision
    )
    return found


def _own_model(project, name: str, fingerprint: str) -> Generator | None:
    own = Generator.objects.filter(project=project).exclude(artifact="").order_by("pk")
    if SIGNED.fullmatch(fingerprint):
        return own.filter(artifact_sha256__startswith=fingerprint).first()
    if FOLDER.fullmatch(name):
        return own.filter(artifact__endswith=f"/{name}").first()
    return None
