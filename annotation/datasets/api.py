"""The API of datasets."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from annotation.core.api import AnyAccept
from annotation.datasets import choices, services, store
from annotation.datasets import policy as rules
from annotation.datasets.access import dataset_for, further_for, may_in_all
from annotation.datasets.download import action_for, file_response
from annotation.datasets.models import Dataset
from annotation.projects.permissions import project_for
from annotation.quality.signals.wording import KINDS


class FreezeSerializer(serializers.Serializer):
    """A policy: which judgments, and how they become comparisons. All of it may be left out."""

    name = serializers.CharField(
        required=False, default="", max_length=100, help_text="For people; not part of the hash."
    )
    projects = serializers.ListField(
        child=serializers.SlugField(),
        required=False,
        help_text="Further projects to take judgments from, by their short names: you need the "
        "right to freeze in each. Then batches and without_labelers are written with the "
        "project's name before them: shop/round-1.",
    )
    batches = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Only these; empty: all."
    )
    origins = serializers.ListField(
        child=serializers.ChoiceField(sorted(choices.ORIGINS)),
        required=False,
        help_text="Only judgments that came this way; empty: all.",
    )
    purposes = serializers.ListField(
        child=serializers.ChoiceField(sorted(choices.PURPOSES)),
        required=False,
        min_length=1,
        help_text='Only judgments that were made as this. Default ["work"].',
    )
    surplus = serializers.BooleanField(
        required=False, default=True, help_text="Count judgments beyond the wanted number."
    )
    labels = serializers.ChoiceField(sorted(choices.LABELS), required=False, default="majority")
    pairs = serializers.ChoiceField(
        sorted(choices.PAIRS),
        required=False,
        default="all",
        help_text="Of the tiers of an item, by all its judgments or, with each, by each of them.",
    )
    min_votes = serializers.IntegerField(
        required=False, default=1, min_value=1, max_value=rules.MAX_MIN_VOTES
    )
    drop_empty = serializers.BooleanField(required=False, default=True)
    drop_equal = serializers.BooleanField(required=False, default=True)
    drop_both_unacceptable = serializers.BooleanField(required=False, default=True)
    demonstrations = serializers.ChoiceField(
        sorted(choices.DEMONSTRATIONS), required=False, default="include"
    )
    corrections = serializers.ChoiceField(
        sorted(choices.CORRECTIONS),
        required=False,
        default="include",
        help_text="A correction is better than its original, and worth imitating.",
    )
    consensus = serializers.ChoiceField(
        sorted(choices.CONSENSUS),
        required=False,
        default="votes",
        help_text="How labelers weigh: p_chosen and weight of each comparison follow from it.",
    )
    min_weight = serializers.FloatField(
        required=False,
        default=0.0,
        min_value=0,
        max_value=1,
        help_text="Leave out comparisons of less weight; needs a consensus by reliability.",
    )
    settled = serializers.BooleanField(
        required=False,
        default=False,
        help_text="What a reviewer has settled stands for its item, with full weight.",
    )
    rubric_versions = serializers.ListField(
        child=serializers.IntegerField(min_value=0),
        required=False,
        help_text="Only judgments by these versions; 0: by none. Empty: all.",
    )
    without_findings = serializers.ListField(
        child=serializers.ChoiceField(sorted(KINDS)),
        required=False,
        help_text="Leave out labelers whom the newest signals warn of in one of these ways. "
        "Freezing writes their handles into without_labelers. Needs the right to review.",
    )
    min_reliability = serializers.FloatField(
        required=False,
        default=0.0,
        min_value=0,
        max_value=1,
        help_text="Leave out labelers whose reliability is known and lower; as above.",
    )
    without_labelers = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Leave these out, by handle."
    )
    signals_of = serializers.CharField(
        required=False,
        default="",
        max_length=100,
        help_text="Of which figures the names are; where it is said, nobody is looked up again.",
    )
    min_strength = serializers.IntegerField(
        required=False,
        default=0,
        min_value=0,
        max_value=3,
        help_text="Leave out comparisons of less mean strength: 1 slightly, 2 clearly, 3 far.",
    )
    ties = serializers.ChoiceField(
        sorted(choices.TIES),
        required=False,
        default="keep",
        help_text="soft: those of train among the comparisons, with their share as p_chosen.",
    )
    unacceptable = serializers.ChoiceField(
        sorted(choices.UNACCEPTABLE),
        required=False,
        default="below",
        help_text="drop: no pairs of a response that half or more found unacceptable.",
    )
    drop_turns = serializers.BooleanField(
        required=False, default=False, help_text="Leave out pairs with a transcript in a response."
    )
    drop_repeated = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Leave out a pair that stood in another item before: same prompt, same texts.",
    )
    drop_personal = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Leave out what has personal data in the prompt or a text: addresses, telephone "
        "and account numbers.",
    )
    max_per_prompt = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=10_000, help_text="0: all of them."
    )
    share_weight = serializers.ChoiceField(
        sorted(choices.SHARE_WEIGHT),
        required=False,
        default="none",
        help_text="Whose comparisons share the weight of one.",
    )
    name_rankings = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Each line has a `ranking`: the judgment, or the item where it is of them all.",
    )
    balance_length = serializers.BooleanField(
        required=False,
        default=False,
        help_text="As many comparisons that the longer response wins as the shorter one.",
    )
    near_prompts = serializers.ChoiceField(
        sorted(choices.NEAR_PROMPTS),
        required=False,
        default="ignore",
        help_text="count: how many near-equal prompts lie on two sides of the split; together: "
        "they lie on one.",
    )
    near_from = serializers.FloatField(
        required=False,
        default=0.8,
        min_value=0.5,
        max_value=1,
        help_text="Jaccard's index of runs of five characters from which two prompts are near.",
    )
    split = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1),
        required=False,
        min_length=3,
        max_length=3,
        help_text="Shares of train, dev and test; they add up to 1. Default 0.8, 0, 0.2.",
    )
    salt = serializers.CharField(
        required=False, default="", max_length=100, help_text="Another one splits differently."
    )


class FileSerializer(serializers.Serializer):
    name = serializers.CharField()
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    url = serializers.URLField()


class DatasetSerializer(serializers.Serializer):
    """A frozen dataset: `hash` covers every byte of its files, which never change."""

    hash = serializers.CharField()
    name = serializers.CharField()
    project = serializers.SlugField()
    projects = serializers.ListField(
        child=serializers.SlugField(), help_text="All that its judgments are from."
    )
    policy = serializers.DictField()
    counts = serializers.DictField(help_text="What was kept, and what was left out and why.")
    files = FileSerializer(many=True)
    created_at = serializers.DateTimeField()


class FreezeJobSerializer(serializers.Serializer):
    detail = serializers.CharField()
    job = serializers.IntegerField()


def dataset_json(dataset: Dataset, request) -> dict:
    counts = {key: value for key, value in dataset.counts.items() if key != "files"}
    return {
        "hash": dataset.hash,
        "name": dataset.name,
        "project": dataset.project.slug,
        "projects": sorted(project.slug for project in dataset.projects),
        "policy": dataset.policy,
        "counts": counts,
        "files": [
            {"name": name, **entry, "url": _file_url(dataset, name, request)}
            for name, entry in store.listed_files(dataset.manifest).items()
        ],
        "created_at": dataset.created_at,
    }


def _file_url(dataset, name, request):
    return reverse("datasets-api:file", args=[dataset.hash, name], request=request)


def _slugs(said) -> list[str]:
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
        raise rules.PolicyError(
            "projects is a list of the short names of projects.", field="projects"
        )
    return said


class DatasetsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="datasets_freeze",
        request=FreezeSerializer,
        responses={
            200: OpenApiResponse(DatasetSerializer, "This very dataset was frozen before."),
            201: OpenApiResponse(DatasetSerializer, "Frozen."),
            202: OpenApiResponse(FreezeJobSerializer, "Many judgments: a job freezes them."),
        },
        tags=["datasets"],
    )
    def post(self, request, slug: str):
        """Freeze the project's judgments as they are now. The same judgments under the same
        policy give the same hash."""
        project = project_for(request.user, slug, "freeze")
        said = request.data
        if not isinstance(said, dict):
            raise rules.PolicyError("Send an object of named settings.", field="policy")
        name = said.get("name", "")
        if not isinstance(name, str):
            raise rules.PolicyError("name is a text.", field="name")
        policy = rules.Policy.from_json(
            {k: v for k, v in said.items() if k not in ("name", "projects")}
        )
        further = further_for(request.user, project, _slugs(said.get("projects", [])))
        if policy.asks_for_signals and not may_in_all(request.user, "review", [project, *further]):
            raise rules.PolicyError(
                "Who stands out by the signals is for those who may review in this project.",
                field="without_findings" if policy.without_findings else "min_reliability",
            )
        result = services.freeze_or_request(
            project=project, policy=policy, name=name, actor=request.user, further=further
        )
        if not isinstance(result, services.Frozen):
            detail = "The dataset is being frozen: when the job is done, its result has the hash."
            answer = {"detail": detail, "job": result.pk}
            return Response(answer, status=status.HTTP_202_ACCEPTED)
        return Response(
            dataset_json(result.dataset, request),
            status=status.HTTP_201_CREATED if result.created else status.HTTP_200_OK,
        )


class DatasetView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="datasets_retrieve", responses=DatasetSerializer, tags=["datasets"]
    )
    def get(self, request, digest: str):
        """Policy, counts and files of a dataset."""
        return Response(dataset_json(dataset_for(request.user, digest), request))


class DatasetFileView(APIView):
    permission_classes = [IsAuthenticated]
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="datasets_file",
        parameters=[
            OpenApiParameter(
                "name",
                OpenApiTypes.STR,
                OpenApiParameter.PATH,
                description="As listed in the manifest, such as preferences.train.jsonl.",
            )
        ],
        responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY},
        tags=["datasets"],
    )
    def get(self, request, digest: str, name: str):
        """One of the dataset's files. All but manifest.json need the right to export."""
        dataset = dataset_for(request.user, digest, action_for(name))
        return file_response(dataset, name, actor=request.user)
