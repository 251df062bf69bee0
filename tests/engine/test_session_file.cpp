// Recorded sessions on disk: walking them, and what is said of a file that is wrong.
#include "engine/protocol/session_file.hpp"

#include "engine/protocol/itch50.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

test::ByteString three_messages() {
    test::ByteString file;
    test::append_prefixed(file, bytes_of(itch50::SystemEvent()));
    test::append_prefixed(file, bytes_of(itch50::AddOrder()));
    test::append_prefixed(file, bytes_of(itch50::OrderDelete()));
    return file;
}

// What the walk says, with the path cut off.
std::string fault_of(const test::ByteString& content) {
    const test::ScratchFile file(content);
    auto session = SessionFile::open(file.path());
    EXPECT_TRUE(session);
    const auto index = session->index();
    if (index) return "none";
    EXPECT_EQ(index.error().path, file.path());
    return index.error().to_string().substr(file.path().size());
}

TEST(SessionFile, NumbersMessagesFromOne) {
    const test::ScratchFile file(three_messages());
    auto session = SessionFile::open(file.path());
    ASSERT_TRUE(session);
    auto cursor = session->cursor();
    std::string types;
    while (auto record = cursor.next()) {
        types += itch50::type_of(record->message);
        EXPECT_EQ(record->sequence.value(), types.size());
        EXPECT_EQ(test::copy_of(session->message_at(record->offset)), test::copy_of(record->message));
    }
    EXPECT_EQ(types, "SAD");
    EXPECT_FALSE(cursor.error());
    EXPECT_EQ(*session->index(), (std::vector<std::uint64_t>{0, 14, 52}));
    SessionFile moved = std::move(*session);
    EXPECT_EQ(moved.index()->size(), 3u);
}

TEST(SessionFile, SaysWhatCannotBeOpened) {
    EXPECT_EQ(SessionFile::open("/nowhere/session.itch").error().to_string(),
              "/nowhere/session.itch: cannot open: No such file or directory");
    const auto error = SessionFile::open("/tmp").error().to_string();
    EXPECT_NE(error.find("/tmp: is not a readable file"), std::string::npos) << error;
    const test::ScratchFile empty({});
    EXPECT_EQ(SessionFile::open(empty.path())->index()->size(), 0u);
}

TEST(SessionFile, FaultsNameOffsetAndField) {
    const auto good = three_messages();
    EXPECT_EQ(fault_of(good), "none");
    auto cut = good;
    cut.resize(60);
    EXPECT_EQ(fault_of(cut), ": offset 52, ITCH message.message at byte 0: 19 bytes needed, 6 present");
    cut.resize(53);
    EXPECT_EQ(fault_of(cut), ": offset 52, ITCH message.length prefix at byte 0: 2 bytes needed, 1 present");
    auto lying = good;
    lying[15] = std::byte{35};
    EXPECT_EQ(fault_of(lying), ": offset 14, ITCH message.length prefix at byte 0: length is 35, must be 36");
    lying[14] = std::byte{0xff};
    EXPECT_EQ(fault_of(lying), ": offset 14, ITCH message.length prefix at byte 0: length is 65315, must be 36");
    auto zero = good;
    zero[14] = zero[15] = std::byte{0};
    EXPECT_EQ(fault_of(zero), ": offset 14, ITCH message.length prefix at byte 0: length is 0, must be 1");
    auto unknown = good;
    unknown[16] = std::byte{'z'};
    EXPECT_EQ(fault_of(unknown), ": offset 14, ITCH message.message_type at byte 0: unknown type 'z' (0x7a)");
}

}  // namespace
}  // namespace colo
