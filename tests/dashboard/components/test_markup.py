"""A layout as first HTML: words are text, our parts are marked for their modules, others are left to Dash."""

import inspect
import json
import re
from html import unescape

import pytest
from dash import dcc, html

import dashboard.components
from dashboard.components import Part, PlainTable, Tile, ViewTabs, Worklist
from dashboard.components.markup import markup
from dashboard.components.part import declare_nodes, marks
from dashboard.components.table import scrolling

PARTS = [getattr(dashboard.components, name) for name in dashboard.components.__all__ if name != "Part"]


def test_words_stay_words() -> None:
    drawn = markup(html.P(['<b>"Ward" & Co</b>', None, False, 12], title='"><script>'))
    assert drawn == '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;"Ward" &amp; Co&lt;/b&gt;12</p>'


def test_attributes_are_written_as_html_has_them() -> None:
    field = html.Label(
        "x", htmlFor="y", className="a b", hidden=True, style={"fontSize": 3}, **marks(aria_label="z")
    )
    assert markup(field) == '<label class="a b" hidden for="y" style="font-size:3" aria-label="z">x</label>'
    assert markup(html.Div([html.Br(), html.Td("", colSpan=2)])) == '<div><br><td colspan="2"></td></div>'


def test_a_part_is_marked_with_its_props_and_other_libraries_are_left_to_dash() -> None:
    drawn = markup(Worklist(rows=7))
    assert json.loads(unescape(re.findall(r'data-props="([^"]*)"', drawn)[0]))["rows"] == 7
    assert 'data-part="Worklist"' in drawn
    tile = markup(Tile("mine", "Mine", [dcc.Graph(id="chart"), html.P("words")]))
    assert "chart" not in tile
    assert "words" not in tile, "Dash brings what stands in a tile: twice it would be seen twice"
    assert 'id="mine-body"' in tile


def test_a_table_in_which_nothing_is_typed_is_one_piece_for_dash() -> None:
    rows = html.Table(html.Tbody(html.Tr(html.Td("<i>"))))
    place = scrolling("Rows", rows)
    assert isinstance(place.children, PlainTable)
    assert "<td>&lt;i&gt;</td>" in markup(place), "its cells stand in the first HTML"
    assert markup(scrolling("Rows", rows, typed=True)) == markup(place).replace(
        '<div class="slot">', ""
    ).replace("</table></div>", "</table>", 1)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_types_and_explains_its_props(part: type[Part]) -> None:
    declare_nodes()
    props = [p for p in inspect.signature(part.__init__).parameters.values() if p.name != "self"]
    assert part.__doc__
    for prop in props:
        assert prop.annotation is not inspect.Parameter.empty, prop
        assert f"`{prop.name}`" in (part.__init__.__doc__ or ""), prop
    assert set(part._prop_names) == {p.name for p in props} | {"element", "frame"}
    assert part._type == part.__name__


def test_a_layout_goes_to_dash_as_json() -> None:
    sent = ViewTabs({"work": "To do"}).to_plotly_json()
    assert (sent["namespace"], sent["type"]) == ("dashboard", "ViewTabs")
    assert sent["props"]["tabs"] == {"work": "To do"}
    with pytest.raises(TypeError):
        ViewTabs({}, colour="red")  # type: ignore[call-arg]
