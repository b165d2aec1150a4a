"""What may be ordered of a dataset, and what the file is called."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core.downloads import JSON_LINES
from annotation.core.errors import DomainError
from annotation.datasets.formats import parquet
from annotation.datasets.formats.catalogue import Document, Format, format_named
from annotation.datasets.formats.frozen import SPLITS
from annotation.datasets.models import Dataset, Export

PARQUET = "application/vnd.apache.parquet"
ZIP = "application/zip"


@dataclass(frozen=True)
class Wanted:
    """An empty split means all of them, as a ZIP with the card."""

    form: Format | Document
    split: str = ""
    as_parquet: bool = False

    def check(self) -> None:
        """DomainError where there is no such file of any dataset."""
        said = {"form": self.form.title, "split": self.split}
        if self.split and (isinstance(self.form, Document) or self.split not in SPLITS):
            raise DomainError(
                _("“%(form)s” has no split “%(split)s”: take all of it as a ZIP.") % said
            )
        if self.as_parquet and self.form.columns is None:
            raise DomainError(_("“%(form)s” is JSON, never Parquet.") % said)
        if self.as_parquet and not parquet.is_available():
            raise DomainError(_(parquet.MISSING))

    @property
    def named(self) -> dict:
        """As an order is written down."""
        return {"form": self.form.key, "split": self.split, "is_parquet": self.as_parquet}

    @property
    def content_type(self) -> str:
        if not self.split:
            return ZIP
        return PARQUET if self.as_parquet else JSON_LINES

    def name_for(self, dataset: Dataset) -> str:
        name = f"{dataset.short_hash}.{self.form.key}"
        if self.split:
            return f"{name}.{self.split}.{'parquet' if self.as_parquet else 'jsonl'}"
        return f"{name}.parquet.zip" if self.as_parquet else f"{name}.zip"


def wanted_of(export: Export) -> Wanted:
    return Wanted(format_named(export.form), export.split, export.is_parquet)
