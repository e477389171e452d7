"""The public names and their signatures change only on purpose."""

from difflib import unified_diff

from contracts.public import SNAPSHOT, surface


def test_the_public_surface_is_the_one_that_was_agreed_on() -> None:
    kept = SNAPSHOT.read_text("utf-8").splitlines()
    changed = list(unified_diff(kept, surface().splitlines(), "public.txt", "now", lineterm=""))
    command = "python tests/contracts/public.py writes it anew"
    assert not changed, "\n".join([f"the public surface changed; {command}:", *changed])


def test_the_surface_has_classes_with_their_members_functions_and_modules() -> None:
    lines = surface().splitlines()
    for line in (
        "class runs.estimator.Estimator(Generic[S, P, N])",
        "    @classmethod read(cls, source: Any, roles: Roles | None=None, *, "
        "step: str | int | None=None, season: int | None=None, "
        "training: Callable[[Table], NDArray[np.bool_]] | None=None) -> Table",
        "    learning_rate: float = 0.001",
        "    save(self, path: str | Path) -> None",
    ):
        assert line in lines
    assert not [line for line in lines if line.strip().startswith("_") and "__" not in line]
