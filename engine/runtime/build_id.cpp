// Reads the GNU build-id note of this program out of its own memory.
#include "engine/runtime/build_id.hpp"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>

namespace colo {

namespace {

std::string hexadecimal(const std::uint8_t* bytes, std::size_t count) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 3) & ~std::size_t{3}; }

// Notes lie one after another: header, name, description, each padded to four bytes.
std::string find_in(const std::uint8_t* notes, std::size_t length) {
    for (std::size_t at = 0; at + sizeof(ElfW(Nhdr)) <= length;) {
        ElfW(Nhdr) header;
        std::memcpy(&header, notes + at, sizeof header);
        const std::uint8_t* name = notes + at + sizeof header;
        const std::size_t end = sizeof header + aligned(header.n_namesz) + aligned(header.n_descsz);
        if (at + end > length) break;
        if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0)
            return hexadecimal(name + aligned(header.n_namesz), header.n_descsz);
        at += end;
    }
    return {};
}

// The first object that is listed is the program itself.
int examine(dl_phdr_info* object, std::size_t, void* found) {
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const ElfW(Phdr)& header = object->dlpi_phdr[i];
        if (header.p_type != PT_NOTE) continue;
        const auto* notes = reinterpret_cast<const std::uint8_t*>(object->dlpi_addr + header.p_vaddr);
        std::string id = find_in(notes, header.p_memsz);
        if (id.empty()) continue;
        *static_cast<std::string*>(found) = std::move(id);
        break;
    }
    return 1;
}

}  // namespace

std::string build_id() {
    std::string found;
    ::dl_iterate_phdr(examine, &found);
    return found;
}

}  // namespace colo
