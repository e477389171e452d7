"""The errors a user can meet.

```
UnrolledError          every error this package raises on purpose
├── DataError          the table, text or array is not what was asked for
├── SettingsError      an option is out of range or two options exclude each other
│   └── NotFittedError an estimator is asked for something before fit() or load()
├── EngineError        an engine asked for by name cannot do the work
├── TrainingError      training cannot go on (a loss that is NaN, a stopped disk)
└── RunError           a run folder is missing, damaged or of another kind
```

Each message names the operation, what was expected and what arrived, in one line.
"""


class UnrolledError(Exception):
    """Every error this package raises on purpose; its text is one line a person can act on."""


class DataError(UnrolledError, ValueError):
    """The table, text or array is not what the operation needs."""


class SettingsError(UnrolledError, ValueError):
    """An option is out of range, or two options exclude each other."""


class NotFittedError(SettingsError, AttributeError):
    """An estimator was asked for something before fit() or load().

    An AttributeError too, so that `hasattr` says no to what comes with fitting.
    """


class EngineError(UnrolledError, RuntimeError):
    """An engine that was asked for by name cannot do the work."""


class TrainingError(UnrolledError, RuntimeError):
    """Training cannot go on; the best weights so far have been kept."""


class RunError(UnrolledError, RuntimeError):
    """A run folder is missing, damaged, or holds another kind of model."""
