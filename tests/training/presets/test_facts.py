"""What is known about the data of a preset: each set once, and nothing unknown."""

import pytest
from hinet_tf.training.presets.facts import DATA_SETS, data_statements


def test_folders_that_share_sets_name_them_once():
    names = [entry["name"] for entry in data_statements(["photos", "small", "motion"])]
    assert names == [entry["name"] for entry in (*DATA_SETS["photos"], *DATA_SETS["motion"])]
    assert len(set(names)) == 5


def test_folder_of_unknown_licence_is_refused():
    with pytest.raises(ValueError, match=r"'holidays'.*photos, sidd, motion, small"):
        data_statements(["sidd", "holidays"])
