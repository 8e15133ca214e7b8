"""Tables whose rows name folders of images, such as patients, and no files."""

from medjax.data.pictures.listing.entry import FolderOptions
from medjax.data.pictures.listing.file_index import FileIndex
from medjax.data.pictures.tables import column_guesses, column_setting
from medjax.data.pictures.tables.table import Table
from medjax.errors import UserError

_LOOKED_AT = 50  # rows


def refuse(table: Table, index: FileIndex, options: FolderOptions) -> None:
    """Refuses a table that names folders and no files, and says how it is joined to their files.

    Args:
      table: the table.
      index: the files of the folder.
      options: how the folder is read.

    Raises:
      UserError: if most cells of a column name a folder, and no cell of any column a file.
    """
    rows = table.rows[:_LOOKED_AT]
    columns = list(zip(*(row.cells for row in rows), strict=True))
    inside = {part: name for name in index.names for part in name.split("/")[:-1]}
    named = [[cell for cell in cells if cell in inside] for cells in columns]
    found = [i for i, known in enumerate(named) if 2 * len(known) > len(rows)]
    # Last, because files are opened for it.
    if not found or any(index.has(cell) for cells in columns for cell in cells if cell):
        return
    name, known = table.header[found[0]], named[found[0]]
    file, guessed = inside[known[0]], column_guesses.guess(table, index.has)
    label = column_setting.parse(options.columns).get("label") or guessed.get("label", "NAME")
    setting = column_setting.joined({"label": label, "patient": name})
    raise UserError(
        f"{table.path} names folders in its column {name}, and no files: write a table of all "
        f"files with the columns file,{name}, as in {file},{known[0]}, and join it with "
        f"data.folder.table=FILES.csv,{table.path.name} and "
        f'{column_setting.SETTING}="{setting}"'
    )
