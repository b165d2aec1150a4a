"""Logistic regression by Newton's method, with a ridge where effects may separate."""

import math
from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.estimate import FloatArray


@dataclass(frozen=True)
class LogisticFit:
    """beta: (k,); covariance: (k, k) inverse of the penalised information; log_likelihood:
    without the penalty; converged: the last step was below 1e-9."""

    beta: FloatArray
    covariance: FloatArray
    log_likelihood: float
    converged: bool

    def error(self, column: int) -> float:
        return math.sqrt(max(0.0, float(self.covariance[column, column])))


def fit_logistic(
    x: FloatArray, y: FloatArray, *, ridge: FloatArray | None = None, max_iter: int = 100
) -> LogisticFit:
    """y: (n,) 0 or 1; x: (n, k), a column of ones for the intercept if one is wanted; ridge: (k,)
    penalties ridge/2 · beta², 0 for none. Steps are halved while they lose."""
    penalty = np.zeros(x.shape[1]) if ridge is None else np.asarray(ridge, dtype=np.float64)
    beta = np.zeros(x.shape[1])
    value = _log_likelihood(x, y, beta) - float(penalty @ beta**2) / 2
    converged = False
    for _ in range(max_iter):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -700, 700)))
        gradient = x.T @ (y - p) - penalty * beta
        information = (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.pinv(information, hermitian=True) @ gradient
        if np.abs(step).max(initial=0.0) < 1e-9:
            converged = True
            break
        size = 1.0
        while size > 1e-6:
            moved = beta + size * step
            reached = _log_likelihood(x, y, moved) - float(penalty @ moved**2) / 2
            if reached >= value:
                break
            size /= 2
        beta, value = moved, reached
    p = 1 / (1 + np.exp(-np.clip(x @ beta, -700, 700)))
    information = (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty)
    covariance: FloatArray = np.linalg.pinv(information, hermitian=True).astype(np.float64)
    return LogisticFit(
        beta=beta,
        covariance=covariance,
        log_likelihood=_log_likelihood(x, y, beta),
        converged=converged,
    )


def _log_likelihood(x: FloatArray, y: FloatArray, beta: FloatArray) -> float:
    logit = x @ beta
    return float((y * logit - np.logaddexp(0, logit)).sum())
