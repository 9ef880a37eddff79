// SPDX-License-Identifier: GPL-3.0-or-later
//
// ICU's localisation data, without any: 30 MB that Foundation brings along for dates, numbers and sorting in all languages.
// Nothing here is localised. ICU builds the same file for itself, as stubdata.cpp: a table of contents without entries,
// in the layout of its udatamem.h and ucmndata.h. ICU's functions then report that there is no such data.
//
// scripts/link-static puts it in front of Foundation's archives, whose own data is then not linked.
#include <stdint.h>

struct table {
    uint16_t header_size;
    uint8_t magic[2];
    struct {
        uint16_t size;
        uint16_t reserved;
        uint8_t is_big_endian, charset_family, bytes_per_unit, reserved_byte;
        uint8_t format[4], format_version[4], data_version[4];
    } information;
    uint8_t padding[8];
    uint32_t count, reserved;
    uint8_t first_entry[4];
};

// The name has ICU's version, which link-static finds out.
__attribute__((aligned(16))) const struct table ICU_DATA = {
    32,
    {0xda, 0x27},
    {sizeof(((struct table *)0)->information), 0, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, 0, 2, 0, "CmnD", {1}, {0}},
    {0},
    0,
    0,
    {0},
};
