"""What `make check` finds in the tree, and what it lets pass."""

import pytest
import tree


@pytest.mark.parametrize(
    "text",
    [
        "https://" + "pypi" + ".org/simple",
        "resolved: https://registry." + "npmjs" + ".org/vite",
        "http://" + "deb.debian" + ".org/debian",
        "see /" + "root/project/file.py",
        "open('/" + "home/alex/song.wav')",
        "C:" + "\\Users\\alex",
        "<" * 7 + " HEAD",
    ],
)
def test_what_must_not_be_in_the_tree_is_found(text: str) -> None:
    assert [line for line, _, _ in tree.findings(f"first\n{text}")] == [2]


@pytest.mark.parametrize(
    "text",
    ["install it from PyPI", "~/work/notes", "docs/root/index.md", "/home/user/spark.toml", "https://example.org/"],
)
def test_ordinary_words_and_paths_pass(text: str) -> None:
    assert list(tree.findings(text)) == []
