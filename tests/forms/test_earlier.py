"""Earlier images are picked from thumbnails, which are made when they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from forms.using import inputs, named, picture, shown

from wannb import mock
from wannb.client import Client
from wannb.forms import EditForm
from wannb.forms.controls import _receive
from wannb.forms.references import Earlier
from wannb.forms.upload import Upload
from wannb.translation import Words


def shelf(client: Client) -> tuple[Earlier, list[str]]:
    picked: list[str] = []
    return Earlier(client.store, Words(), picked.append), picked


def test_thumbnails_come_when_they_are_asked_for_and_a_press_picks_the_image(client: Client) -> None:
    client.generate("a cat", size="1K", seed=1)
    client.generate("a dog", size="1K", seed=2, n=2)
    # Runs of the same second have no order but that of the list of runs.
    images = [(run.prompt, path) for run in client.runs() for path in run.images]
    made, picked = shelf(client)
    made.refresh()
    assert made.shelf == []
    made.is_open = True
    assert [each["name"].split(" · ")[0] for each in made.shelf] == [prompt for prompt, _ in images]
    assert sorted(prompt for prompt, _ in images) == ["a cat", "a dog", "a dog"]
    assert all(each["source"].startswith("data:image/jpeg;base64,") for each in made.shelf)
    assert sum(len(each["source"]) for each in made.shelf) < 30_000
    for number in (1, 2, 3, -1, "1"):
        _receive(made, {"kind": "pick", "number": number}, [])
    assert picked == [str(images[1][1]), str(images[2][1])]


def test_new_images_come_first_and_more_on_a_press(client: Client) -> None:
    made, _ = shelf(client)
    made.is_open = True
    assert made.shelf == []
    for seed in range(4):
        client.generate("a cat", size="1K", seed=seed, n=4)
    made.refresh()
    assert (len(made.shelf), made.more) == (12, True)
    _receive(made, {"kind": "more"}, [])
    assert (len(made.shelf), made.more) == (16, False)


def test_a_form_takes_an_earlier_image_as_its_input(client: Client, server: mock.MockServer) -> None:
    shop = client.generate("a shop", size="1K", seed=1)
    form: Any = EditForm(client, images=picture())
    made = form._references._picker.earlier
    made.is_open = True
    _receive(made, {"kind": "pick", "number": 0}, [])
    assert [each.name for each in form.request.images] == ["room.png", shop[0].path.name]


def test_an_upload_that_is_no_picture_keeps_no_place_and_nine_of_nine_says_so(client: Client, tmp_path: Path) -> None:
    form: Any = EditForm(client, prompt="x")
    upload = next(each for each in inputs(form) if isinstance(each, Upload))
    (text := tmp_path / "notes.png").write_text("no picture")
    with pytest.raises(ValueError, match="picture"):
        upload._arrived(text)
    assert form.request.images == ()
    assert not text.exists()
    form.request = form.request.replace(images=[picture(f"{number}.png") for number in range(9)])
    assert "9 of 9: remove one to add another" in shown(form)
    named(form, "Remove: image 1").click()
    assert "9 of 9" not in shown(form)
