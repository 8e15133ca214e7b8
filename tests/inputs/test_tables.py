"""Tables as people have them."""


def test_byte_order_mark_and_windows_line_ends(case, describe):
    folder = case("bom_and_crlf")
    said = describe(folder, f"--folder.table={folder}/table.csv")
    assert said.status == 0 and said.report["classes"] == ["benign", "malignant"]
