// A segment goes when every declared consumer has acknowledged it, and never before; what is left is still a journal.
#include "engine/journal/closed_segments.hpp"
#include "tests/engine/journal_fixture.hpp"

namespace colo::test {
namespace {

class Retention : public ::testing::Test {
protected:
    void SetUp() override {
        config = directories.config();
        journal = open_journal(config);
        for (std::uint64_t n = 1; n <= 10'000; ++n) ASSERT_TRUE(append(*journal, n));
        while (journal->drain().step(Timestamp{})) {}
        segments = list_segments(config.directory)->size();
        ASSERT_GT(segments, 5u);
    }
    // Removes all that may go; how many segments are left.
    std::size_t settle(ClosedSegments& closed) {
        for (std::size_t i = 0; i < segments; ++i) {
            const auto error = closed.step();
            EXPECT_FALSE(error) << error->to_string();
        }
        return list_segments(config.directory)->size();
    }
    [[nodiscard]] JournalOffset segment_end(std::uint64_t count) const {
        return JournalOffset{count * config.segment_bytes};
    }

    JournalDirectories directories{memory_root()};
    JournalConfig config;
    std::unique_ptr<Journal> journal;
    std::size_t segments = 0;
};

TEST_F(Retention, waits_for_the_slowest_consumer) {
    ClosedSegments closed({.directory = config.directory, .consumers = {"publisher", "store"}});
    EXPECT_EQ(settle(closed), segments) << "nobody has acknowledged anything";
    ASSERT_FALSE(acknowledge(config.directory, "publisher", segment_end(4)));
    EXPECT_EQ(settle(closed), segments) << "one has acknowledged nothing";
    ASSERT_FALSE(acknowledge(config.directory, "store", JournalOffset{segment_end(2).value() - 1}));
    EXPECT_EQ(settle(closed), segments - 1) << "the second segment is not read to its end";
    ASSERT_FALSE(acknowledge(config.directory, "store", segment_end(3)));
    EXPECT_EQ(settle(closed), segments - 3);
    EXPECT_EQ(closed.removed(), 3u);
    EXPECT_EQ(list_segments(config.directory)->front(), 3u);
}

TEST_F(Retention, keeps_what_is_written_and_as_many_closed_segments_as_it_is_told) {
    ASSERT_FALSE(acknowledge(config.directory, "store", segment_end(1'000)));
    ClosedSegments closed({.directory = config.directory, .consumers = {"store"}, .segments_kept_min = 2});
    EXPECT_EQ(settle(closed), 3u);
    ClosedSegments nobody({.directory = config.directory, .consumers = {}});
    EXPECT_EQ(settle(nobody), 3u);
}

TEST_F(Retention, an_acknowledgement_never_goes_back) {
    ASSERT_FALSE(acknowledge(config.directory, "store", JournalOffset{5'000}));
    ASSERT_FALSE(acknowledge(config.directory, "store", JournalOffset{4'000}));
    EXPECT_EQ(*acknowledged(config.directory, "store"), JournalOffset{5'000});
    EXPECT_TRUE(acknowledge(config.directory, "../store", JournalOffset{1})) << "a name is no path";
}

TEST_F(Retention, a_damaged_acknowledgement_removes_nothing) {
    ASSERT_FALSE(acknowledge(config.directory, "store", segment_end(3)));
    change_byte(config.directory / "acknowledged-store", 9, 'x');
    ClosedSegments closed({.directory = config.directory, .consumers = {"store"}});
    const auto error = closed.step();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, JournalError::Kind::corrupt);
    EXPECT_EQ(list_segments(config.directory)->size(), segments);
}

TEST_F(Retention, what_is_left_is_read_and_continued) {
    ASSERT_FALSE(acknowledge(config.directory, "store", segment_end(3)));
    ClosedSegments closed({.directory = config.directory, .consumers = {"store"}});
    ASSERT_EQ(settle(closed), segments - 3);
    ASSERT_FALSE(journal->close());
    RecordView record;
    auto first = JournalReader::open(config.directory);
    ASSERT_TRUE(first);
    ASSERT_EQ(first->next(record), ReadStatus::record);
    const std::uint64_t begin = record.header.sequence;
    EXPECT_EQ(record.offset.value(), segment_end(3).value() + segment_header_bytes) << "a place never changes";
    EXPECT_GT(begin, 1u);
    journal = open_journal(config);
    for (std::uint64_t n = 10'001; n <= 12'000; ++n) ASSERT_TRUE(append(*journal, n));
    ASSERT_FALSE(journal->close());
    EXPECT_EQ(read_all(config.directory, begin), 12'001u);
}

}  // namespace
}  // namespace colo::test
