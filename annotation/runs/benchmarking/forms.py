"""The form of a reward model's page: a new file, or one that the project keeps."""

from pathlib import Path

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.core.errors import DomainError
from annotation.core.forms import PlainForm
from annotation.core.numbers import grouped
from annotation.runs.benchmarking.files import keep_file
from annotation.runs.benchmarking.measuring import check_order, order_measurement
from annotation.runs.models import BenchmarkFile, Measurement
from annotation.runs.registry.benchmarks import LONGEST_NAME, checked_name


class _KeptFile(forms.ModelChoiceField):
    def label_from_instance(self, file):
        return _("%(name)s: %(count)s comparisons") % {
            "name": file.name,
            "count": grouped(file.comparison_count),
        }


class MeasureForm(PlainForm):
    file = forms.FileField(
        label=_("A new file"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".jsonl,.json,.ndjson"}),
        help_text=_(
            "JSON Lines, a comparison a line: prompt, chosen, rejected, and where you like "
            "subset. Texts, or lists of messages."
        ),
    )
    kept = _KeptFile(
        label=_("Or one that is kept"),
        queryset=BenchmarkFile.objects.none(),
        required=False,
        empty_label=_("none of these"),
    )
    name = forms.CharField(
        label=_("Call the figures"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=_("The file's name, if you say nothing. The same name again replaces them."),
    )

    def __init__(self, *args, version, **more):
        super().__init__(*args, **more)
        self.version = version
        kept = version.project.benchmark_files.kept().order_by("-pk")
        self.fields["kept"].queryset = kept

    def clean(self):
        given = super().clean()
        has_file, has_kept = given.get("file") is not None, given.get("kept") is not None
        if has_file == has_kept and not self.errors:
            self.add_error(
                "file",
                _("Choose either a new file or one that is kept, not both.")
                if has_file
                else _("No file is chosen: take a new one, or one that is kept."),
            )
        if not self.errors:
            self._check_before_it_is_kept(given)
        return given

    def _check_before_it_is_kept(self, given) -> None:
        file = given["kept"] or given["file"]
        try:
            checked_name(
                self.version, given["name"].strip() or Path(file.name).stem[:LONGEST_NAME]
            )
        except DomainError as error:
            self.add_error("name", str(error))
        try:
            check_order(self.version)
        except DomainError as error:
            self.add_error(None, str(error))

    def order(self, *, actor) -> Measurement:
        """DomainError where the file is refused, or cannot be measured on; `refused_at` is the
        field that it is about."""
        given = self.cleaned_data
        file, self.is_new, self.refused_at = given["kept"], False, None
        if file is None:
            upload, self.refused_at = given["file"], "file"
            file, self.is_new = keep_file(
                project=self.version.project, stream=upload.file, name=upload.name, actor=actor
            )
            self.refused_at = None
        return order_measurement(version=self.version, file=file, name=given["name"], actor=actor)

    def told(self) -> str:
        """What `order` has done, in a sentence."""
        if self.is_new:
            return _("The file is kept, and the model is measured on it.")
        return _("This file was kept before; the model is measured on it.")
