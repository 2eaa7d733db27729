"""XML from strangers: no document types, no entities, nothing fetched."""

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import DatasetError
from workbench.formats.labelme import read_bytes

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # only the type: parsing is defusedxml's


def read_xml(path: Path) -> "Element":
    """Parse a file, or say in one line what is wrong with it."""
    return parse_xml(read_bytes(path), path)


def parse_xml(content: bytes, path: object) -> "Element":
    """Parse a document; one with a DTD is refused, because bombs and thefts of files need one."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        message = f"the file must be plain XML, but has a {type(error).__name__}; ask where it comes from"
        raise DatasetError(path, "", message, "unsafe-xml") from error
    except ParseError as error:
        message = f"the file must be well-formed XML, but is not ({error.msg}); export it again"
        raise DatasetError(path, f"line {error.position[0]}", message, "not-xml") from error
    except (ValueError, LookupError, RecursionError, MemoryError) as error:
        message = f"the file must be XML in an encoding that is known, but is not ({str(error)[:80]}); export it again"
        raise DatasetError(path, "", message, "not-xml") from error
    return root


def text_of(element: "Element", name: str, default: str = "") -> str:
    """Return the text of the first child of this name."""
    return (element.findtext(name) or default).strip()
