"""Model versions sent to a destination."""

from django.db import models

from annotation.datasets.models import Push


class ModelPush(Push):
    """The folder of a model version, its card and its manifest with it."""

    version = models.ForeignKey("ModelVersion", on_delete=models.PROTECT, related_name="pushes")

    @property
    def what(self) -> str:
        return f"model_version:{self.version_id}"
