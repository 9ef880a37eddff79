# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables in the documents that a script writes: what stands between <!-- NAME: written by scripts/SCRIPT --> and
<!-- end -->."""
import re
import sys


def filled(path, script, tables):
    """The document's text with this script's tables in their places; the places of other scripts stay as they are."""

    def replaced(match):
        if match[2] not in tables:
            sys.exit(f"{path}: there is no table '{match[2]}'")
        return f"{match[1]}\n{tables[match[2]]}\n<!-- end -->"

    return re.sub(
        rf"(<!-- (\w+): written by scripts/{script} -->)\n.*?<!-- end -->", replaced, path.read_text(), flags=re.S)
