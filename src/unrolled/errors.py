"""The errors a user can meet.

```
UnrolledError          every error this package raises on purpose
├── DataError          the table, text or array is not what was asked for
├── SettingsError      an option is out of range or two options exclude each other
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


class EngineError(UnrolledError, RuntimeError):
    """An engine that was asked for by name cannot do the work."""


class TrainingError(UnrolledError, RuntimeError):
    """Training cannot go on; the best weights so far have been kept."""


class RunError(UnrolledError, RuntimeError):
    """A run folder is missing, damaged, or holds another kind of model."""
