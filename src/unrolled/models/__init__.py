"""Estimators: an encoder, a head, and the verbs fit, predict, save, load."""

from unrolled.models.forecaster import Forecaster
from unrolled.models.settings import ForecasterSettings

__all__ = ["Forecaster", "ForecasterSettings"]
