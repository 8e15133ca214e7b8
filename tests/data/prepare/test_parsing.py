"""The text of a preparation: what is read, what is written, and what is refused."""

import pytest

from medjax.data import parse_preparation
from medjax.errors import UserError


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("", ["normalize(mode=per_channel)"]),
        ("  rgb ", ["rgb", "normalize(mode=per_channel)"]),
        ("clahe|zca(mtt)", ["clahe(clip_limit=0.01)", "zca(definition=mtt)"]),
        (
            "window(-40.5,width=4e2) | resize(64)",
            [
                "window(center=-40.5, width=400.0)",
                "resize(size=64, keep_aspect=pad)",
                "normalize(mode=per_channel)",
            ],
        ),
        (
            "percentile_clip(over='image')|grayscale()|normalize(fixed, mean=0.5, std=(0.1, 1, 2))",
            None,
        ),
        (
            "percentile_clip(1, 99, bounds=(0.1, 7))|normalize(fixed, mean=0.5, std=0.25)",
            [
                "percentile_clip(low=1, high=99, over=train, bounds=(0.1, 7.0))",
                "normalize(mode=fixed, mean=(0.5,), std=(0.25,))",
            ],
        ),
    ],
)
def test_parsing_inverts_str(text, listed):
    if listed is None:
        with pytest.raises(UserError, match="as many means as stds"):
            parse_preparation(text)
        return
    preparation = parse_preparation(text)
    assert preparation.listed() == listed
    assert parse_preparation(str(preparation)) == preparation


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("windw(1,2)", r"unknown step 'windw' \(did you mean 'window'\?\); choose from: resize, w"),
        ("window(1)", r"^window needs width, as in window\(width=…\)"),
        ("window", r"^window needs center and width"),
        ("window(1, 2, 3)", r"window takes at most 2 arguments, got 3"),
        ("window(1, centre=2)", r"unknown argument of window 'centre' \(did you mean 'center'"),
        ("window(1, center=2)", r"window is given center twice"),
        ("window(1, 0)", r"window needs a width above 0, got 0 at 1"),
        ("window(low, 2)", r"window: center takes float values, got 'low'"),
        ("resize(2.5)", r"resize: size takes int values, got 2\.5"),
        ("resize(True)", r"resize: size takes int values, got True"),
        ("resize(0)", r"resize needs a size of at least 1"),
        ("resize(8, fill)", r"unknown keep_aspect of resize 'fill'; choose from: pad, crop, str"),
        ("percentile_clip(9, 9)", r"percentile_clip needs 0 ≤ low < high ≤ 100"),
        ("percentile_clip(over=all)", r"unknown over of percentile_clip 'all'"),
        ("percentile_clip(bounds=(1, 1))", r"needs bounds=\(least, greatest\)"),
        ("clahe(0)", r"clahe needs 0 < clip_limit ≤ 1"),
        ("zca", r"zca needs definition"),
        ("zca(none)", r"unknown zca 'none'; choose from: mtt, frepo, ddranking"),
        ("zca(mtt)|rgb", r"zca is the last step of a preparation"),
        ("normalize|zca(mtt)", r"normalize is the last step"),
        ("normalize(mean=0.5, std=1)", r"needs as many means as stds"),
        ("normalize(fixed, mean=0.5, std=0)", r"normalize needs a std above 0"),
        ("normalize(fixd)", r"unknown mode of normalize 'fixd' \(did you mean 'fixed'"),
        ("rgb||clahe", r"cannot read the preparation 'rgb\|\|clahe'"),
        ("rgb+clahe", r"cannot read the preparation"),
        ("rgb(__import__('os'))", r"rgb takes at most 0"),
        ("resize(f())", r"cannot read the preparation"),
        ("resize(*[1])", r"cannot read the preparation"),
        ("resize(**{})", r"unknown argument of resize None"),
    ],
)
def test_mistakes_are_one_line(text, message):
    with pytest.raises(UserError, match=message) as caught:
        parse_preparation(text)
    assert "\n" not in str(caught.value)
