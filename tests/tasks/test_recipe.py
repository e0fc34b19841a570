"""Recipes say what the official option files say, and refuse what they cannot mean."""

import dataclasses

import numpy as np
import pytest

from hinet_tf.engine import recipe_parts
from hinet_tf.tasks import RECIPES, Recipe, get_recipe, quick_recipe
from hinet_tf.tasks.recipe import DEGRADATIONS

# options/train/*/*.yml of the official code.
OFFICIAL = {
    "gopro": {"hin_levels": (3, 4), "loss": "psnr", "beta_2": 0.99, "final_learning_rate": 1e-7},
    "reds": {"hin_levels": (3, 4), "loss": "psnr", "seed": 100, "warmup_steps": 0},
    "rain13k": {"hin_levels": None, "loss": "psnr", "warmup_steps": 10_000, "seed": 10},
    "sidd": {
        "hin_levels": None,
        "loss": "l1",
        "beta_2": 0.999,
        "final_learning_rate": 1e-6,
        "augmentation": "sidd",
        "seed": 100,
    },
}


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_variants(name):
    recipe = RECIPES[name]
    common = {"steps": 400_000, "batch": 64, "patch": 256, "learning_rate": 2e-4, "clip_norm": 0.01}
    for key, value in {**common, "beta_1": 0.9, "width": 64, **OFFICIAL[name]}.items():
        assert getattr(recipe, key) == value, key


@pytest.mark.parametrize("name", RECIPES)
def test_json_round_trip(name):
    assert Recipe.from_json(RECIPES[name].to_json()) == RECIPES[name]


def test_recipes_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RECIPES["denoise"].steps = 1


def test_overrides_take_the_type_of_their_key():
    texts = ["steps=100", "learning_rate=1e-3", "hin_levels=3,4", "clip_norm=none", "sigma=0,50"]
    recipe = get_recipe("denoise").with_overrides(texts)
    assert (recipe.steps, recipe.learning_rate, recipe.hin_levels) == (100, 1e-3, (3, 4))
    assert recipe.clip_norm is None and recipe.sigma == (0.0, 50.0)
    assert isinstance(recipe.steps, int) and isinstance(recipe.hin_levels[0], int)


@pytest.mark.parametrize(
    "override, expected",
    [
        ("rate=1", "learning_rate"),
        ("steps", "steps"),
        ("steps=1.5", "an integer"),
        ("steps=0", "at least 1"),
        ("patch=100", "a multiple of 16"),
        ("scale=0.26", "1/32"),
        ("scale=inf", "scale"),
        ("learning_rate=nan", "learning_rate"),
        ("precision=int8", "bfloat16"),
        ("loss=l2", "psnr, l1"),
        ("ema=1", "less than 1"),
        ("final_learning_rate=1", "learning_rate (0.0002)"),
        ("warmup_steps=400001", "400000"),
        ("hin_levels=7", "hin_levels"),
        ("depth=1", "between 2 and 8"),
        ("sigma=1,2,3", "low,high"),
    ],
)
def test_impossible_values_are_refused(override, expected):
    with pytest.raises(ValueError, match=r".") as error:
        get_recipe("denoise").with_overrides([override])
    assert expected in str(error.value)


def test_depth_decides_levels_and_patches():
    with pytest.raises(ValueError, match="`hin_levels` must be encoder levels between 0 and 2"):
        get_recipe("deblur").with_overrides(["depth=3"])
    with pytest.raises(ValueError, match="`patch` must be a multiple of 32"):
        get_recipe("deblur").with_overrides(["depth=6", "patch=48"])


def test_unknown_key_lists_the_known_ones():
    with pytest.raises(ValueError, match=r".") as error:
        get_recipe("denoise").with_overrides(["sice=1"])
    assert all(field.name in str(error.value) for field in dataclasses.fields(Recipe))


def test_recipe_and_task_belong_together():
    with pytest.raises(ValueError, match="denoise, sidd"):
        get_recipe("denoise", "gopro")
    with pytest.raises(ValueError, match="denoise, deblur"):
        get_recipe("dehaze")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"task": "denoise", "colour": 1}', "received colour; expected keys among: .*, task"),
        ("3", "expected an object in braces, received int"),
        ('{"task": ', "Expecting value"),
        ('{"steps": 8}', "received none that names a task"),
        ('{"task": "denoise", "steps": "x"}', "a value is of a wrong type"),
        ('{"task": "denoise", "sigma": 25}', "a value is of a wrong type"),
    ],
)
def test_foreign_json_is_refused(text, message):
    with pytest.raises(ValueError, match=f"^Not a recipe: {message}"):
        Recipe.from_json(text)


def test_the_quick_recipe_is_the_paper_s_at_a_size_for_a_laptop():
    quick, full = quick_recipe("deblur"), get_recipe("deblur")
    assert quick.width == 16 and quick.batch * quick.patch**2 <= 2**15
    assert (quick.hin_levels, quick.loss, quick.beta_2) == ((3, 4), "psnr", full.beta_2)
    with pytest.raises(ValueError, match="Unknown task 'superres'"):
        quick_recipe("superres")


def test_the_task_is_one_that_there_is():
    with pytest.raises(ValueError, match=r"`task` must be one of denoise, deblur.*'denoize'"):
        Recipe(task="denoize")


def test_what_may_change_when_a_run_is_resumed_is_said_on_the_field():
    keys = {field.name for field in dataclasses.fields(Recipe)}
    assert keys - set(Recipe.fixed_keys()) == {
        *("steps", "validate_every", "save_every", "keep_every", "validation_images", "license")
    }


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_every_degradation_that_a_recipe_may_name_is_made(name):
    recipe = Recipe(task="denoise", degradation=name, sigma=(5, 50), quality=(30,))
    degradation = recipe_parts.build_degradation(recipe)
    image = np.random.default_rng(0).random((40, 40, 3), np.float32)
    assert np.asarray(degradation(image, 7)).shape == image.shape
    # What the recipe says reaches the argument of that name, and nothing else is changed.
    said = {"sigma": (5, 50), "quality": 30}
    assert degradation == type(degradation)(**{key: said[key] for key in DEGRADATIONS[name][1]})
