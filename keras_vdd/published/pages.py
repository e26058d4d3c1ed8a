"""What the pages of a parquet file say they hold, looked at before any is unpacked.

Arrow trusts the sizes that stand before each page: 65 kB of a page of zeros may say that they become 2 GB, and do.
This reads those page headers alone (parquet-format, `PageHeader` in Thrift's compact protocol) and holds them against
the file's footer, whose counts and sizes the caller has checked or is going to check.
"""

from keras_vdd.published.damage import Damage

DATA_PAGE, INDEX_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2 = range(4)
FOOTER_END = 8
"""Bytes of a file after its footer, which say how long that is."""
LARGEST_FOOTER = 2**22
# Field numbers of `PageHeader`, and of the headers inside it.
TYPE, UNCOMPRESSED, COMPRESSED, HEADER, DICTIONARY_HEADER, HEADER_V2 = 1, 2, 3, 5, 7, 8
NUM_VALUES = 1
# Thrift's types of the compact protocol.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12
DEEPEST = 8


def check_footer(end):
    """Refuse a file, by its last bytes, whose footer alone would fill the memory: it has a few columns."""
    size = int.from_bytes(end[:4], "little")
    if size > LARGEST_FOOTER:
        raise Damage(f"its footer is said to have {size:,} bytes")


def check_pages(buffer, metadata):
    """Refuse a file whose pages hold more, or other counts, than its footer says.

    Args:
        buffer: `memoryview` of the file.
        metadata: `pyarrow.parquet.FileMetaData` of it.

    Raises:
        Damage: the two differ.
    """
    for group in range(metadata.num_row_groups):
        chunks = metadata.row_group(group)
        for index in range(chunks.num_columns):
            _check_chunk(buffer, chunks.column(index))


def _check_chunk(buffer, chunk):
    name = chunk.path_in_schema
    starts = [chunk.data_page_offset]
    if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
        starts.append(chunk.dictionary_page_offset)
    place = min(starts)
    end = place + chunk.total_compressed_size
    if not 0 < place <= end <= len(buffer):
        raise Damage(f"column {name} is said to lie outside the file")
    values = size = dictionaries = 0
    while place < end:
        header = _Reader(buffer, place, end)
        fields = header.struct()
        kind, unpacked, packed = (fields.get(field) for field in (TYPE, UNCOMPRESSED, COMPRESSED))
        if not all(isinstance(each, int) and each >= 0 for each in (kind, unpacked, packed)):
            raise Damage(f"a page of column {name} has no sizes")
        if kind in (DATA_PAGE, DATA_PAGE_V2):
            inner = fields.get(HEADER if kind == DATA_PAGE else HEADER_V2)
            values += _count(inner, name)
        elif kind == DICTIONARY_PAGE:
            dictionaries += 1
            if _count(fields.get(DICTIONARY_HEADER), name) > unpacked:
                raise Damage(f"the dictionary of column {name} has more entries than bytes")
        size += unpacked + header.place - place
        place = header.place + packed
    if (
        place != end
        or dictionaries > 1
        or values != chunk.num_values
        or size != chunk.total_uncompressed_size
    ):
        raise Damage(f"the pages of column {name} hold other counts or sizes than the file's footer says")


def _count(header, name):
    count = header.get(NUM_VALUES) if isinstance(header, dict) else None
    if not isinstance(count, int) or count < 0:
        raise Damage(f"a page of column {name} has no count")
    return count


class _Reader:
    """Reads Thrift's compact protocol; of what it is not asked for it keeps the place alone."""

    def __init__(self, buffer, place, end):
        self.buffer, self.place, self.end = buffer, place, end

    def struct(self, depth=0):
        """Return the numbers and structs of a struct, by field number."""
        if depth > DEEPEST:
            raise Damage("a page header is nested too deep")
        fields, number = {}, 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._signed()
            fields[number] = self._value(head & 15, depth)
        return fields

    def _value(self, kind, depth):
        if kind in (TRUE, FALSE):
            return kind == TRUE
        if kind in (I16, I32, I64):
            return self._signed()
        if kind == STRUCT:
            return self.struct(depth + 1)
        if kind in (LIST, SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._unsigned()
            for _ in range(min(count, self.end - self.place + 1)):
                # An element that is a boolean takes a byte, unlike a field that is one.
                self._skip(1) if head & 15 in (TRUE, FALSE) else self._value(head & 15, depth + 1)
            return None
        if kind not in (BYTE, DOUBLE, BINARY):
            raise Damage("a page header is of no known form")
        self._skip({BYTE: 1, DOUBLE: 8}.get(kind) or self._unsigned())
        return None

    def _signed(self):
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _unsigned(self):
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise Damage("a page header has a number without end")

    def _byte(self):
        self._skip(1)
        return self.buffer[self.place - 1]

    def _skip(self, count):
        self.place += count
        if self.place > self.end:
            raise Damage("a page header goes on past its column")
