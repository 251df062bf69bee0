// A recorded session of any bytes: what is read is whole messages, and the first fault is told with its offset.
#include "engine/protocol/itch50.hpp"
#include "engine/protocol/session_file.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace colo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    const Bytes input = fuzz::bytes_of_input(data, count);
    const SessionFile file = SessionFile::over("input", input);
    auto cursor = file.cursor();
    std::uint64_t at = 0, messages = 0;
    while (const auto record = cursor.next()) {
        fuzz::expect(itch50::well_formed(record->message), "what is read is a message");
        fuzz::expect(record->offset == at, "messages follow each other");
        at = record->offset + 2 + record->message.size();
        ++messages;
    }
    fuzz::expect(cursor.error().has_value() == (at != input.size()), "the end is the end, or a fault");
    const auto index = file.index();
    fuzz::expect(static_cast<bool>(index) == !cursor.error(), "index and cursor agree");
    if (index) fuzz::expect(index->size() == messages, "the index has every message");
    else fuzz::expect(!index.error().to_string().empty(), "an error says why");
    return 0;
}
