"""The API of agreement."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import NotFound
from annotation.projects.permissions import project_for
from annotation.quality import services
from annotation.quality.analyses import ANALYSES
from annotation.quality.documents import as_document
from annotation.quality.wording import REASONS, in_reading_order


class EstimateSerializer(serializers.Serializer):
    """A number with its interval and what it rests on, or null with the reason."""

    value = serializers.FloatField(allow_null=True)
    reason = serializers.ChoiceField(
        choices=sorted(REASONS), allow_null=True, help_text="Why there is no value."
    )
    ci = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        min_length=2,
        max_length=2,
        help_text="95 % bootstrap interval over items.",
    )
    n_items = serializers.IntegerField(help_text="Items with a judgment.")
    n_pairable = serializers.IntegerField(
        help_text="Items with something that two labelers judged."
    )
    n_ratings = serializers.IntegerField(help_text="Single answers: a labeler's for each pair.")


class RankingEstimateSerializer(EstimateSerializer):
    n_undefined = serializers.IntegerField(
        help_text="Items without the number, such as those where everybody tied everything."
    )


class PairsSerializer(serializers.Serializer):
    """Over pairs of responses: (item, lower response id, higher response id), with the answers
    lower better, tie, higher better."""

    raw = EstimateSerializer(help_text="Over all pairs of answers together (micro).")
    raw_macro = EstimateSerializer(help_text="The mean of the comparisons' shares.")
    alpha_nominal = EstimateSerializer()
    alpha_ordinal = EstimateSerializer()
    fleiss_kappa = EstimateSerializer()
    gwet_ac1 = EstimateSerializer()
    gwet_ac2 = EstimateSerializer(help_text="Quadratic weights, a tie in the middle.")
    brennan_prediger = EstimateSerializer()
    comparison_kappa = EstimateSerializer(help_text="No display order moves it.")
    conger_kappa = EstimateSerializer(help_text="Has no interval.")
    cohen_kappa = serializers.DictField(
        child=EstimateSerializer(),
        help_text='By two labelers: "w1|w2". Of more than 40 labelers the 1,000 pairs with most '
        "shared items, 10 at least.",
    )


class RankingsSerializer(serializers.Serializer):
    """Over whole rankings: the mean over items."""

    kendall_w = RankingEstimateSerializer()
    tau_b = RankingEstimateSerializer()
    tau_x = RankingEstimateSerializer()
    rank_alpha = RankingEstimateSerializer(help_text="Ordinal alpha of midranks.")


class FlagSerializer(serializers.Serializer):
    """Over responses: flag set, or not. Most are not, which alpha holds against it."""

    raw = EstimateSerializer()
    gwet_ac1 = EstimateSerializer()
    alpha_nominal = EstimateSerializer()


class IccSerializer(EstimateSerializer):
    form = serializers.ChoiceField(
        choices=["2,1", "1,1"],
        allow_null=True,
        help_text="2,1: the same labelers rated all; 1,1: each response has labelers of its own.",
    )


class ScaleSerializer(serializers.Serializer):
    """Beside alpha. Yes and no have raw agreement alone."""

    raw = EstimateSerializer()
    alpha_interval = EstimateSerializer(required=False)
    icc = IccSerializer(required=False, help_text="Its interval is from F.")


class StrengthSerializer(serializers.Serializer):
    """Over pairs of responses whose difference was graded: −3 to 3, a tie 0."""

    sign_raw = EstimateSerializer()
    sign_alpha = EstimateSerializer()
    alpha_ordinal = EstimateSerializer()
    alpha_interval = EstimateSerializer()


def _interval(key: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text=f"Of {key}."
    )


class OverLabelersSerializer(serializers.Serializer):
    """95 % intervals over labelers instead of items: null with fewer than 8 labelers."""

    labelers = serializers.IntegerField()
    draws = serializers.IntegerField()
    raw = _interval("raw")
    alpha_nominal = _interval("alpha_nominal")
    gwet_ac1 = _interval("gwet_ac1")


class LeftOutSerializer(serializers.Serializer):
    few = serializers.IntegerField(help_text="Pairs of labelers with fewer than 10 shared items.")
    beyond = serializers.IntegerField(help_text="Pairs beyond the 1,000 that share most.")


class SizeSerializer(serializers.Serializer):
    parts = serializers.IntegerField()
    n_ratings = serializers.IntegerField()
    n_pairs = serializers.IntegerField()


class PartSerializer(serializers.Serializer):
    name = serializers.JSONField(help_text="A value, a Monday, or the names of two generators.")
    n_items = serializers.IntegerField(help_text="Items that two labelers judged in this part.")
    n_ratings = serializers.IntegerField()
    n_pairs = serializers.IntegerField(help_text="Pairs of answers to one comparison.")
    raw = EstimateSerializer()
    alpha_nominal = EstimateSerializer()
    gwet_ac1 = EstimateSerializer()


class CutSerializer(serializers.Serializer):
    """A way to divide the work; what is in its parts and beside them adds up."""

    by = serializers.ChoiceField(
        choices=["week", "rubric_version", "batch", "facet", "generators"]
    )
    key = serializers.CharField(allow_null=True, help_text="Of the items' metadata, for a facet.")
    parts = PartSerializer(many=True)
    few = SizeSerializer(help_text="Parts with fewer than 10 items that two labelers judged.")
    unshown = SizeSerializer(help_text="Parts beyond the 30 largest, or the latest 53 weeks.")
    outside = SizeSerializer(help_text="What lies in no part.")
    n_ratings = serializers.IntegerField()
    n_pairs = serializers.IntegerField()
    n_pairs_across = serializers.IntegerField(help_text="Pairs of two answers in two parts.")


class AgreementSerializer(serializers.Serializer):
    pairs = PairsSerializer()
    rankings = RankingsSerializer()
    criteria = serializers.DictField(
        child=EstimateSerializer(),
        help_text="Alpha of each criterion's ratings: ordinal, nominal for yes and no.",
    )
    flags = serializers.DictField(child=FlagSerializer(), help_text="By the rubric's flags.")
    scales = serializers.DictField(child=ScaleSerializer(), help_text="More of each criterion.")
    strength = StrengthSerializer(allow_null=True, help_text="Null where nobody gave one.")
    over_labelers = OverLabelersSerializer()
    cohen_left_out = LeftOutSerializer()
    parts = CutSerializer(many=True)
    computed_at = serializers.DateTimeField()
    is_stale = serializers.BooleanField(help_text="Judgments came in since.")
    job = serializers.IntegerField(
        allow_null=True, help_text="The job that computes it anew, if one does."
    )


class AgreementJobSerializer(serializers.Serializer):
    detail = serializers.CharField()
    job = serializers.IntegerField()


class AgreementView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="agreement_retrieve",
        responses={200: AgreementSerializer, 202: AgreementJobSerializer},
        tags=["agreement"],
    )
    def get(self, request, slug: str):
        """How far the labelers agree. Large projects answer 202 with a job the first time."""
        project = project_for(request.user, slug, "see_agreement")
        report, job = services.answer(project=project, actor=request.user)
        if report is None:
            return _accepted(job)
        return Response(
            {
                **in_reading_order(report.result["agreement"]),
                "computed_at": report.computed_at,
                "is_stale": job is not None,
                "job": job and job.pk,
            }
        )

    @extend_schema(
        operation_id="agreement_compute",
        request=None,
        responses={202: AgreementJobSerializer},
        tags=["agreement"],
    )
    def post(self, request, slug: str):
        """Compute it anew in the background."""
        project = project_for(request.user, slug, "compute")
        return _accepted(services.request_figures(project=project, actor=request.user))


class FiguresSerializer(serializers.Serializer):
    kind = serializers.CharField()
    result = serializers.JSONField(
        help_text="As docs/statistics.md describes it for each kind; labelers by id."
    )
    labelers = serializers.DictField(
        child=serializers.CharField(), help_text="The handles, by the ids in the result."
    )
    input_sha256 = serializers.CharField(help_text="Of all that the figures were computed from.")
    code_version = serializers.CharField()
    computed_at = serializers.DateTimeField()
    is_stale = serializers.BooleanField(help_text="Judgments came in since.")
    job = serializers.IntegerField(
        allow_null=True, help_text="The job that computes it anew, if one does."
    )


class FiguresView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="figures_retrieve",
        responses={200: FiguresSerializer, 202: AgreementJobSerializer},
        tags=["agreement"],
    )
    def get(self, request, slug: str, kind: str):
        """The figures of one analysis; those of single labelers for whoever may review them.
        Large projects answer 202 with a job the first time."""
        right = ANALYSES[kind].right if kind in ANALYSES else "see_agreement"
        project = project_for(request.user, slug, right)
        if kind not in ANALYSES:
            raise NotFound(f"There is no analysis “{kind}”: there are {', '.join(ANALYSES)}.")
        report, job = services.answer(project=project, kind=kind, actor=request.user)
        if report is None:
            return _accepted(job)
        return Response(
            {**as_document(report), "is_stale": job is not None, "job": job and job.pk}
        )


def _accepted(job) -> Response:
    detail = "Agreement is being computed: ask again when the job is done."
    return Response({"detail": detail, "job": job.pk}, status=status.HTTP_202_ACCEPTED)
