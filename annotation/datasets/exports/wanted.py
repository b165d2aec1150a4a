"""What may be ordered of a dataset, and what the file is called."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core.downloads import JSON_LINES
from annotation.core.errors import DomainError
from annotation.datasets.exporting import NoRows
from annotation.datasets.formats import parquet
from annotation.datasets.formats.catalogue import Document, Format, format_named
from annotation.datasets.formats.frozen import RANKINGS, SPLITS
from annotation.datasets.models import Dataset, Export

PARQUET = "application/vnd.apache.parquet"
ZIP = "application/zip"


@dataclass(frozen=True)
class Wanted:
    """An empty split means all of them, as a ZIP with the card."""

    form: Format | Document
    split: str = ""
    as_parquet: bool = False

    def check(self, dataset: Dataset) -> None:
        """DomainError where there is no such file of any dataset, or surely none of this one."""
        said = {"form": self.form.title, "split": self.split}
        if self.split and (isinstance(self.form, Document) or self.split not in SPLITS):
            raise DomainError(
                _("“%(form)s” has no split “%(split)s”: take all of it as a ZIP.") % said
            )
        if self.as_parquet and self.form.columns is None:
            raise DomainError(_("“%(form)s” is JSON, never Parquet.") % said)
        if self.as_parquet and not parquet.is_available():
            raise DomainError(_(parquet.MISSING))
        if not may_have_rows(dataset, self.form, self.split):
            raise NoRows(is_split=bool(self.split))

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


def may_have_rows(dataset: Dataset, form: Format | Document, split: str = "") -> bool:
    """Told by the frozen record, without reading a line: false is sure, true is not."""
    files = dataset.counts["files"]
    for kind in form.made_of.files:
        for one in [split] if split else SPLITS:
            if files[f"{kind}.jsonl" if kind == RANKINGS else f"{kind}.{one}.jsonl"]["rows"]:
                return True
    return False


def wanted_of(export: Export) -> Wanted:
    return Wanted(format_named(export.form), export.split, export.is_parquet)
