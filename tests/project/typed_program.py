"""A person's own program with types. Were one of the package's lost, mypy would find nothing to ignore here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import wannb
from wannb import errors

if TYPE_CHECKING:
    from typing_extensions import assert_type


def pictures(prompt: str, seed: int) -> list[Path]:
    size = wannb.size_for("16:9", "1K")
    request = wannb.ImageRequest(prompt=prompt, size=size, n=2, seed=seed)
    problems = [str(problem) for problem in request.problems()]
    with wannb.connect("mock", store="runs") as client:
        try:
            result = client.generate(prompt, size=size, n=2, seed=seed)
        except errors.WannbError as error:
            raise SystemExit(str(error)) from error
        paths: list[Path] = [image.path for image in result]
        print(size, problems, [path.name for path in paths])
        return paths


def wrong(client: wannb.Client) -> None:
    """What mypy must say, in each place."""
    client.generate("a cat", n="2")  # type: ignore[arg-type]
    client.generate("a cat", sizes="1K")  # type: ignore[call-arg]
    _text: str = client.generate("a cat")  # type: ignore[assignment]
    _number: int = wannb.connect("mock").runs()  # type: ignore[assignment]
    _plan: int = wannb.sweep(client, prompt="a cat").run()  # type: ignore[assignment]
    _board: int = wannb.Storyboard(client, ["a", "b"])  # type: ignore[assignment]
    if TYPE_CHECKING:
        assert_type(wannb.recall("image-1.png"), wannb.ImageRequest)


if __name__ == "__main__":
    print(Path(wannb.__file__).parents[4])
    pictures("a lighthouse", 7)
