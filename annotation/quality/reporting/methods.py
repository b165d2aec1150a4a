"""The methods behind the figures, each with its formula and where it was published.

Formulas are LaTeX, which the page shows as MathML and the JSON gives as it is. The symbols are
those of docs/statistics.md.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Method:
    """kind: the analysis that uses it."""

    kind: str
    name: str | Promise
    formula: str
    source: str

    @property
    def mathematics(self) -> str:
        """For `render_untrusted`; nothing where it is a procedure and no formula."""
        return f"$${self.formula}$$" if self.formula else ""


METHODS = (
    Method(
        "agreement",
        _("Raw agreement"),
        r"\frac{\sum_i\sum_q N_{iq}(N_{iq}-1)}{\sum_i r_i(r_i-1)}",
        "Fleiss 1971, Psychological Bulletin 76",
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
        r"\frac{p_a-p_e}{1-p_e},\quad "
        r"p_e=\frac{\sum_{k,l} w_{kl}}{Q(Q-1)}\sum_q \pi_q(1-\pi_q)",
        "Gwet 2008, Br. J. Math. Stat. Psychol. 61",
    ),
    Method(
        "agreement",
        _("Fleiss’ kappa"),
        r"\frac{p_a-p_e}{1-p_e},\quad p_e=\sum_{k,l} w_{kl}\pi_k\pi_l",
        "Fleiss 1971; Gwet 2014, Handbook of Inter-Rater Reliability",
    ),
    Method(
        "agreement",
        _("Brennan–Prediger"),
        r"\frac{p_a-p_e}{1-p_e},\quad p_e=\frac{1}{Q^2}\sum_{k,l} w_{kl}",
        "Brennan & Prediger 1981, Educ. Psychol. Meas. 41",
    ),
    Method(
        "agreement",
        _("Kappa of comparisons with ties"),
        r"\frac{p_a-p_e}{1-p_e},\quad p_e=t^2+2\left(\frac{1-t}{2}\right)^2",
        "t: share of ties; no order of display moves it",
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
        r"\frac{p_a-p_e}{1-p_e},\quad "
        r"p_e=\sum_{k,l} w_{kl}\left(\bar{p}_k\bar{p}_l-\frac{s_{kl}}{m}\right)",
        "Conger 1980, Psychological Bulletin 88",
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
        r"\frac{\sum_{i<j} s_{ij}t_{ij}}{\sqrt{\sum s_{ij}^2\sum t_{ij}^2}}",
        "Kendall 1945, Biometrika 33",
    ),
    Method(
        "agreement",
        _("Tau-x"),
        r"\frac{\sum_{i\neq j} a_{ij}b_{ij}}{n(n-1)}",
        "Emond & Mason 2002, J. Multi-Criteria Decision Analysis 11",
    ),
    Method(
        "agreement",
        _("ICC, form 2,1"),
        r"\frac{M_R-M_E}{M_R+(k-1)M_E+\frac{k}{n}(M_C-M_E)}",
        "Shrout & Fleiss 1979, Psychological Bulletin 86",
    ),
    Method(
        "agreement",
        _("Intervals: resamples of items, bias-corrected and accelerated"),
        r"\Phi\left(z_0+\frac{z_0+z_\alpha}{1-a(z_0+z_\alpha)}\right)",
        "Efron 1987, JASA 82; Hesterberg 2015, American Statistician 69",
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
        r"P(i=j)\propto\nu\sqrt{\pi_i\pi_j}",
        "Davidson 1970, JASA 65",
    ),
    Method(
        "abilities",
        _("Plackett–Luce, over whole rankings"),
        r"P(r)=\prod_{k}\frac{\pi_{r_k}}{\sum_{l\geq k}\pi_{r_l}}",
        "Luce 1959; Plackett 1975, Applied Statistics 24",
    ),
    Method(
        "labelers",
        _("Reliability and knowledge: Dawid–Skene"),
        r"P(z_i=k\mid x)\propto p_k\prod_{j}\theta^{(j)}_{k x_{ij}}",
        "Dawid & Skene 1979, Applied Statistics 28",
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
        "consensus",
        _("Consensus: Dawid–Skene"),
        r"P(z_i=k\mid x)\propto p_k\prod_{j}\theta^{(j)}_{k x_{ij}}",
        "Dawid & Skene 1979, Applied Statistics 28",
    ),
    Method(
        "bias",
        _("Position: exact binomial test"),
        r"P(X\geq x)=\sum_{k\geq x}\binom{n}{k}2^{-n}",
        "Clopper & Pearson 1934, Biometrika 26",
    ),
    Method(
        "adaptive",
        _("Stopping: posterior of the likelier side"),
        r"P=\frac{1}{1+r^d},\quad r=\frac{1-p}{p}",
        "Wald 1947, Sequential Analysis",
    ),
)


def methods_of(kinds) -> list[Method]:
    """Those of the analyses that a report has, in their order."""
    return [method for method in METHODS if method.kind in set(kinds)]
