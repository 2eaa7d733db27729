"""One table, however it is shown."""

from workbench.report.flat import flatten_head, flatten_row
from workbench.report.table import Column, Measure, Table, show_cell

COLUMNS = (Column(key="class", title="class"), Column(key="AP", title="AP", kind="measure"))


def test_cells_read_as_people_write_them():
    assert show_cell(Measure(0.5347, 0.447, 0.623), "measure") == "53.5 45–62"
    assert show_cell(Measure(0.5347), "measure") == "53.5"
    assert show_cell(None, "share") == "–"
    assert show_cell(0.5, "share") == "50.0"
    assert show_cell(0.625, "score") == "0.62"
    assert show_cell(12345, "count") == "12,345"


def test_a_value_with_its_interval_is_three_cells_of_a_sheet():
    assert flatten_head(COLUMNS) == ["class", "AP", "AP_low", "AP_high"]
    assert flatten_row(COLUMNS, ("a", Measure(0.5, 0.4, 0.6))) == ["a", 0.5, 0.4, 0.6]
    assert flatten_row(COLUMNS, ("a", None)) == ["a", None, None, None]


def test_a_column_in_which_nothing_stands_is_left_out():
    table = Table(name="t", caption="t", columns=COLUMNS, rows=(("a", Measure(None)), ("b", None)))
    assert [column.key for column in table.drop_empty().columns] == ["class"]
