"""What the tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside a developer's checkout; tests that use it skip without it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data, which is not shipped")
    return folder


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread for torch: where processes share the cores, small networks wait for more."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The cases of real users lie beside a developer's checkout; their tests skip without them."""
    if (Path(__file__).resolve().parents[2] / "shared" / "cases").is_dir():
        return
    for item in items:
        if item.get_closest_marker("case"):
            item.add_marker(pytest.mark.skip(reason="needs ../shared/cases, which are not shipped"))
