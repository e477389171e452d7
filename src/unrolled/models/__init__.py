"""Estimators: an encoder, a head, and the verbs fit, predict, save, load."""

from unrolled.models.classifier import Classifier
from unrolled.models.forecaster import Forecaster
from unrolled.models.settings import ClassifierSettings, ForecasterSettings

__all__ = ["Classifier", "ClassifierSettings", "Forecaster", "ForecasterSettings"]
