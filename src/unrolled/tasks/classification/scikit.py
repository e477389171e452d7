"""The conventions of scikit-learn: settings by name, for `clone`, `Pipeline` and searches."""

from __future__ import annotations

import inspect
from typing import Any, Self

from unrolled.errors import SettingsError


class Parameters:
    """Mixed into an estimator whose constructor keeps each argument under its own name."""

    def _check(self) -> None:
        """SettingsError unless every setting is in its range."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name, as scikit-learn asks for them."""
        names = inspect.signature(type(self).__init__).parameters
        return {name: getattr(self, name) for name in names if name != "self"}

    def set_params(self, **params: Any) -> Self:
        """Change settings by name; SettingsError for a name that is none."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise SettingsError(
                    f"classifier: there is no setting {name!r}; there are {', '.join(known)}"
                )
            setattr(self, name, value)
        self._check()
        return self

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn wants to know of an estimator; only it asks."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(three_d_array=True, allow_nan=True),
        )
