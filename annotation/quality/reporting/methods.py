"""The methods behind the figures, each with its formula and where it was published.

Formulas are LaTeX, which the page shows as MathML and the JSON gives as it is. Each is what the
function in `quality/stats/` computes, whose docstring names the same source; the symbols are those
of docs/statistics.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What a dataset by reliability does with the judgments: no analysis, but in its report.
DATASET = "dataset"


@dataclass(frozen=True)
class Method:
    """kind: the analysis that uses it, or DATASET."""

    kind: str
    name: str | Promise
    formula: str
    source: str

    @property
    def mathematics(self) -> str:
        """For `render_untrusted`."""
        return f"$${self.formula}$$"

    def as_json(self) -> dict[str, str]:
        return {
            "kind": self.kind,
            "name": str(self.name),
            "formula": self.formula,
            "source": self.source,
        }


_CORRECTED = r"\frac{p_a-p_e}{1-p_e},\quad p_e="
_POSTERIOR = r"P(z_i=k\mid x)\propto p_k\prod_{j}\theta^{(j)}_{k x_{ij}}"
_DAWID_SKENE = "Dawid & Skene 1979, Applied Statistics 28"

METHODS = (
    Method(
        "agreement",
        _("Raw agreement, over pairs of answers or as the mean of items"),
        r"\frac{\sum_i\sum_q N_{iq}(N_{iq}-1)}{\sum_i r_i(r_i-1)},\quad "
        r"\frac{1}{n}\sum_i\frac{\sum_q N_{iq}(N_{iq}-1)}{r_i(r_i-1)}",
        "Fleiss 1971, Psychological Bulletin 76 (the mean of items)",
    ),
    Method(
        "agreement",
        _("Krippendorff’s alpha"),
        r"1-(n-1)\frac{\sum_{c,k} o_{ck}\delta_{ck}^2}{\sum_{c,k} n_c n_k\delta_{ck}^2}",
        "Krippendorff 2011, Computing Krippendorff’s Alpha-Reliability",
    ),
    Method(
        "agreement",
        _("Gwet’s AC1 and AC2"),
        _CORRECTED + r"\frac{\sum_{k,l} w_{kl}}{Q(Q-1)}\sum_q \pi_q(1-\pi_q)",
        "Gwet 2008, Br. J. Math. Stat. Psychol. 61 (AC1); "
        "Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed. (AC2)",
    ),
    Method(
        "agreement",
        _("Fleiss’ kappa"),
        _CORRECTED + r"\sum_{k,l} w_{kl}\pi_k\pi_l",
        "Fleiss 1971, Psychological Bulletin 76; with gaps and weights Gwet 2014",
    ),
    Method(
        "agreement",
        _("Brennan–Prediger"),
        _CORRECTED + r"\frac{1}{Q^2}\sum_{k,l} w_{kl}",
        "Brennan & Prediger 1981, Educ. Psychol. Meas. 41",
    ),
    Method(
        "agreement",
        _("Kappa of comparisons with ties"),
        _CORRECTED + r"t^2+2\left(\frac{1-t}{2}\right)^2",
        "raw agreement, against chance with both sides equally common; t: share of ties",
    ),
    Method(
        "agreement",
        _("Cohen’s kappa"),
        r"\frac{p_o-p_e}{1-p_e},\quad p_e=\sum_{k} p_k q_k",
        "Cohen 1960, Educ. Psychol. Meas. 20",
    ),
    Method(
        "agreement",
        _("Conger’s kappa"),
        _CORRECTED + r"\sum_{k,l} w_{kl}\left(\bar{p}_k\bar{p}_l-\frac{s_{kl}}{m}\right)",
        "Conger 1980, Psychological Bulletin 88; in this form Gwet 2014, eq. 2.18; "
        "s: covariance of the m labelers’ shares",
    ),
    Method(
        "agreement",
        _("Kendall’s W"),
        r"\frac{12S}{m^2(n^3-n)-m\sum(t^3-t)}",
        "Kendall 1948, Rank Correlation Methods",
    ),
    Method(
        "agreement",
        _("Tau-b"),
        r"\frac{\sum_{i<j} s_{ij}t_{ij}}{\sqrt{\sum_{i<j} s_{ij}^2\sum_{i<j} t_{ij}^2}}",
        "Kendall 1945, Biometrika 33; s, t: −1, 0 or 1, a tie 0",
    ),
    Method(
        "agreement",
        _("Tau-x"),
        r"\frac{\sum_{i\neq j} a_{ij}b_{ij}}{n(n-1)}",
        "Emond & Mason 2002, J. Multi-Criteria Decision Analysis 11; a, b: 1 where i is not below "
        "j, else −1",
    ),
    Method(
        "agreement",
        _("ICC, form 2,1"),
        r"\frac{M_R-M_E}{M_R+(k-1)M_E+\frac{k}{n}(M_C-M_E)}",
        "Shrout & Fleiss 1979, Psychological Bulletin 86",
    ),
    Method(
        "agreement",
        _("ICC, form 1,1"),
        r"\frac{M_R-M_W}{M_R+(k-1)M_W}",
        "Shrout & Fleiss 1979, Psychological Bulletin 86",
    ),
    Method(
        "agreement",
        _("Intervals: resamples of items, bias-corrected and accelerated"),
        r"\Phi\left(z_0+\frac{z_0+z_\alpha}{1-a(z_0+z_\alpha)}\right)",
        "Efron 1987, JASA 82; for few items Hesterberg 2015, American Statistician 69",
    ),
    Method(
        "agreement",
        _("Intervals over labelers: copies of one labeler are not paired"),
        r"N^2-\sum_{l} m_l^2,\quad N=\sum_{l} m_l",
        "after Owen 2007, Annals of Applied Statistics 1; m: times a labeler was drawn",
    ),
    Method(
        "labelers",
        _("Reliability: Dawid–Skene"),
        _POSTERIOR,
        _DAWID_SKENE,
    ),
    Method(
        "labelers",
        _("Shares: Wilson’s interval"),
        r"\frac{p+\frac{z^2}{2n}\pm z\sqrt{\frac{p(1-p)}{n}+\frac{z^2}{4n^2}}}"
        r"{1+\frac{z^2}{n}}",
        "Wilson 1927, JASA 22",
    ),
    Method(
        "labelers",
        _("Many tests at once: false-discovery control"),
        r"q_{(i)}=\min_{j\geq i}\frac{m\,p_{(j)}}{j}",
        "Benjamini & Hochberg 1995, J. R. Statist. Soc. B 57",
    ),
    Method(
        "labelers",
        _("Circular triads"),
        r"d=\frac{n(n-1)(2n-1)}{12}-\frac{1}{2}\sum_i a_i^2",
        "Kendall & Babington Smith 1940, Biometrika 31; a: wins",
    ),
    Method(
        "abilities",
        _("Bradley–Terry"),
        r"P(i\succ j)=\frac{1}{1+e^{-(\theta_i-\theta_j)}}",
        "Bradley & Terry 1952, Biometrika 39",
    ),
    Method(
        "abilities",
        _("Davidson, where ties count"),
        r"P(i=j)\propto\nu\sqrt{\pi_i\pi_j},\quad P(i\succ j)\propto\pi_i",
        "Davidson 1970, JASA 65; with the place, Davidson & Beaver 1977, Biometrics 33",
    ),
    Method(
        "abilities",
        _("Plackett–Luce, over whole rankings"),
        r"P(r)=\prod_{k}\frac{\pi_{r_k}}{\sum_{l\geq k}\pi_{r_l}}",
        "Luce 1959; Plackett 1975, Applied Statistics 24; with ties Turner et al. 2020, "
        "Computational Statistics 35",
    ),
    Method(
        "abilities",
        _("Errors by item: the sandwich"),
        r"H^{-1}\left(\sum_{c} u_c u_c^{\top}\right)H^{-1}",
        "Liang & Zeger 1986, Biometrika 73; u: score of an item, H: information",
    ),
    Method(
        "abilities",
        _("Elo, the mean over random orders"),
        r"\theta_i\leftarrow\theta_i+K(s-E),\quad E=\frac{1}{1+10^{(\theta_j-\theta_i)/400}}",
        "Elo 1978, The Rating of Chessplayers",
    ),
    Method(
        "repeats",
        _("Agreement with oneself: what one labeler said of one thing, first and again"),
        r"\frac{\sum_{l}\sum_{i}\sum_q N_{liq}(N_{liq}-1)}{\sum_{l}\sum_{i} r_{li}(r_{li}-1)}",
        "raw agreement, with each labeler’s item for an item; beyond chance as above",
    ),
    Method(
        "adaptive",
        _("Stopping: posterior of the likeliest of n + 1 answers"),
        r"P(k\mid x)\propto p_k\prod_{j:\,x_j=k} a_j\prod_{j:\,x_j\neq k}\frac{1-a_j}{n},\quad "
        r"p_0=t,\; p_1=\dots=p_n=\frac{1-t}{n}",
        "one coin of Dawid & Skene 1979, looked at after every judgment as Wald 1945, Annals of "
        "Mathematical Statistics 16; a: reliability of a labeler, t: share of items without a "
        "single best, answer 0",
    ),
    Method(
        "adaptive",
        _("Choosing the next item: what it would teach, and how likely it was drawn"),
        r"g_i=\frac{1}{K-1}\sum_{a<b} p_{ab}(1-p_{ab})\,\mathrm{Var}(\theta_a-\theta_b),\quad "
        r"P(i)=\frac{c}{m}+(1-c)\frac{[g_i=\max g]}{|\{j: g_j=\max g\}|}",
        "after Mikhailiuk et al. 2020, arXiv:2004.05691; c: share of the control arm, m: items "
        "left to draw from, K: responses; both arms are tried on held-out control items",
    ),
    Method(
        "bias",
        _("Position: exact binomial test, two-sided"),
        r"\sum_{k:\,P(k)\leq P(x)} P(k),\quad P(k)=\binom{n}{k}2^{-n}",
        "all counts no likelier than the one seen",
    ),
    Method(
        "bias",
        _("Places of three and more: chi-square"),
        r"\sum_{k=1}^{n}\frac{(O_k-E)^2}{E}",
        "Pearson 1900, Philosophical Magazine 50",
    ),
    Method(
        "bias",
        _("Length and form: logistic regression, errors by item"),
        r"\log\frac{P}{1-P}=\beta_0+\sum_f\beta_f x_f+\gamma_i-\gamma_j",
        "Liang & Zeger 1986, Biometrika 73; γ: generators, shrunk; β₀: shown first",
    ),
    Method(
        "bias",
        _("Weeks: test for a trend"),
        r"z=\frac{\sum_w (w-\bar{w})(h_w-n_w\bar{p})}"
        r"{\sqrt{\bar{p}(1-\bar{p})\sum_w n_w(w-\bar{w})^2}}",
        "Cochran 1954, Biometrics 10; Armitage 1955, Biometrics 11",
    ),
    Method(
        "prompts",
        _("Disagreement beyond what the labelers explain: posterior predictive check"),
        r"p=\frac{1+\#\{D(x^{*})\geq D(x)\}}{1+\text{draws}}",
        "Gelman, Meng & Stern 1996, Statistica Sinica 6; D: share of pairs of answers that "
        "differ, x*: drawn from the fit",
    ),
    Method(
        "prompts",
        _("Parts against the rest: Welch’s test"),
        r"\frac{\bar{x}-\bar{y}}{\sqrt{s_x^2/n_x+s_y^2/n_y}}",
        "Welch 1947, Biometrika 34",
    ),
    Method(
        "prompts",
        _("Two readings: leading eigenvalue against answers dealt out again"),
        r"\lambda_1(M)>\lambda_1(M^{*}),\quad "
        r"M_{ab}=\frac{\sum_i e_{ai}e_{bi}}{\sqrt{n_{ab}}}",
        "after Horn 1965, Psychometrika 30; e: a labeler’s deviation from the item’s mean, n: "
        "items that both judged",
    ),
    Method(
        "consensus",
        _("Consensus: Dawid–Skene"),
        _POSTERIOR,
        _DAWID_SKENE,
    ),
    Method(
        "consensus",
        _("Consensus: Crowd-BT within items"),
        r"P_w(a\succ b)=\eta_w\sigma(\theta_a-\theta_b)+(1-\eta_w)\sigma(\theta_b-\theta_a)",
        "Chen, Bennett, Collins-Thompson & Horvitz 2013, WSDM",
    ),
    Method(
        "consensus",
        _("Consensus: Borda’s points"),
        r"B_a=\sum_b \left(N_{ab}+\tfrac{1}{2}T_{ab}\right)",
        "Borda 1781, Mémoire sur les élections; N: votes for a over b, T: for a tie",
    ),
    Method(
        "consensus",
        _("Consensus: Kemeny’s order"),
        r"\max_{\pi}\sum_{\pi(a)<\pi(b)} N_{ab}",
        "Kemeny 1959, Daedalus 88; Young 1988, American Political Science Review 82",
    ),
    Method(
        "consensus",
        _("Consensus: Schulze’s strongest paths"),
        r"p_{ab}=\max_{a=c_1,\dots,c_k=b}\;\min_i N_{c_i c_{i+1}}",
        "Schulze 2011, Social Choice and Welfare 36",
    ),
    Method(
        DATASET,
        _("How labelers weigh: Dawid–Skene"),
        _POSTERIOR,
        _DAWID_SKENE,
    ),
    Method(
        DATASET,
        _("What a comparison weighs"),
        r"p=P(\succ)+\frac{1}{2}P(=),\quad w=1-\frac{H}{\log 3}",
        "H: entropy of better, tie and worse (Shannon 1948, Bell System Technical Journal 27)",
    ),
)


def methods_of(kinds: Iterable[str]) -> list[Method]:
    """Those of these kinds, in their order."""
    wanted = set(kinds)
    return [method for method in METHODS if method.kind in wanted]
