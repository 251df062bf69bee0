// A tail reads what is appended, each record once and in order, whatever happens to the segments under it: drained,
// reused, removed at close, recovered after SIGKILL.
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "engine/journal/tail.hpp"
#include "tests/engine/journal_fixture.hpp"

namespace colo::test {
namespace {

JournalTail::Places places(const JournalConfig& config) { return {config.directory, config.hot_directory}; }

// Reads records first, first + 1, ... to the end that there is now; the number of the first that is not there.
std::uint64_t follow(JournalTail& tail, std::uint64_t first) {
    RecordView record;
    for (std::uint64_t n = first;; ++n) {
        const ReadStatus status = tail.next(record);
        if (status == ReadStatus::end) return n;
        if (status == ReadStatus::error) {
            ADD_FAILURE() << tail.error().to_string();
            return n;
        }
        if (!is_record(record, n)) {
            ADD_FAILURE() << "record " << n << " differs from what was written, it has number "
                          << record.header.sequence;
            return n;
        }
    }
}

TEST(JournalTail, sees_a_record_before_it_is_drained) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    auto tail = JournalTail::open(places(config));
    ASSERT_TRUE(tail) << tail.error().to_string();
    RecordView record;
    EXPECT_EQ(tail->next(record), ReadStatus::end);
    for (std::uint64_t n = 1; n <= 100; ++n) {
        ASSERT_TRUE(append(*journal, n));
        ASSERT_EQ(follow(*tail, n), n + 1);
        ASSERT_TRUE(tail->in_memory());
    }
}

TEST(JournalTail, goes_on_at_the_same_place_when_segments_are_drained_and_reused) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    const std::uint64_t first_seed = seed();
    SCOPED_TRACE("COLO_SEED=" + std::to_string(first_seed));
    std::mt19937_64 random(first_seed);
    auto journal = open_journal(config);
    auto tail = JournalTail::open(places(config));
    ASSERT_TRUE(tail);
    std::uint64_t n = 1, read = 1;
    int in_memory = 0;
    for (int turn = 0; turn < 400; ++turn) {
        // Sometimes the tail sleeps through several segments, sometimes it waits at the end for each record.
        const std::uint64_t count = random() % 4 == 0 ? random() % 6'000 : random() % 20;
        for (std::uint64_t i = 0; i < count; ++i) ASSERT_TRUE(append(*journal, n++));
        if (random() % 3 == 0) journal->drain().step(Timestamp{});
        read = follow(*tail, read);
        ASSERT_EQ(read, n) << "in turn " << turn;
        in_memory += tail->in_memory() ? 1 : 0;
        if (random() % 8 == 0) {  // another process takes over at the same place
            tail = JournalTail::open(places(config), tail->next_offset());
            ASSERT_TRUE(tail) << tail.error().to_string();
        }
    }
    EXPECT_GT(in_memory, 200);
    ASSERT_FALSE(journal->close());
    EXPECT_EQ(follow(*tail, read), n) << "after close";
    auto again = open_journal(config);
    for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(append(*again, n++));
    EXPECT_EQ(follow(*tail, read), n) << "after the next start";
}

TEST(JournalTail, keeps_up_with_a_writer_on_another_core) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    constexpr std::uint64_t count = 200'000;
    std::atomic<bool> failed{false};
    std::thread reader([&] {
        auto tail = JournalTail::open(places(config));
        std::uint64_t n = 1;
        while (tail && n <= count && !::testing::Test::HasFailure()) {
            n = follow(*tail, n);
            std::this_thread::yield();
        }
        failed = n != count + 1;
    });
    {
        DrainThread housekeeping(journal->drain(), std::chrono::microseconds(100));
        for (std::uint64_t n = 1; n <= count; ++n) {
            const auto payload = payload_of(n);
            while (!journal->writer().append(fields_of(n), payload)) std::this_thread::yield();
        }
    }
    reader.join();
    EXPECT_FALSE(failed);
}

// The writer is killed at a random moment, again and again; its successor goes on behind the last record that the dead
// one appended, and the tail never notices.
TEST(JournalTail, outlives_its_writers) {
    JournalDirectories directories{memory_root()};
    const JournalConfig config = directories.config();
    const std::uint64_t first_seed = seed();
    SCOPED_TRACE("COLO_SEED=" + std::to_string(first_seed));
    std::mt19937_64 random(first_seed);
    std::filesystem::create_directories(config.directory);
    std::optional<JournalTail> tail;
    std::uint64_t read = 1;
    for (int life = 0; life < 25; ++life) {
        // Nobody writes: what is in the journal now is what the next writer finds.
        const std::uint64_t begin = [&] {
            auto journal = open_journal(config);
            std::uint64_t n = 1;
            auto reader = JournalReader::open(config.directory);
            for (RecordView record; reader && reader->next(record) == ReadStatus::record;) ++n;
            EXPECT_FALSE(journal->close());
            return n;
        }();
        ASSERT_GE(begin, read) << "a record that was read is not in the journal any more";
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            auto journal = Journal::open(config, identity);
            if (!journal) ::_exit(1);
            for (std::uint64_t n = begin;; ++n) {
                if (!append(**journal, n)) ::_exit(1);
                if (n % 50 == 0) (*journal)->drain().step(Timestamp{});
            }
        }
        const std::uint64_t enough = begin + 1 + random() % 8'000;
        while (read < enough && !HasFailure()) {
            if (!tail) {
                auto opened = JournalTail::open(places(config));
                ASSERT_TRUE(opened) << opened.error().to_string();
                tail = std::move(*opened);
            }
            read = follow(*tail, read);
        }
        ::kill(child, SIGKILL);
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);
        read = follow(*tail, read);
        ASSERT_FALSE(HasFailure()) << "in life " << life;
    }
}

TEST(JournalTail, refuses_a_place_that_is_none) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    for (std::uint64_t n = 1; n <= 10; ++n) ASSERT_TRUE(append(*journal, n));
    const auto next = journal->writer().next_offset();
    EXPECT_TRUE(JournalTail::open(places(config), next));
    EXPECT_FALSE(JournalTail::open(places(config), JournalOffset{next.value() + 4'000}));
    EXPECT_FALSE(JournalTail::open(places(config), JournalOffset{segment_header_bytes + 8}));
}

TEST(JournalReader, says_that_a_segment_was_removed_before_it_was_read) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    for (std::uint64_t n = 1; n <= 10'000; ++n) ASSERT_TRUE(append(*journal, n));
    ASSERT_FALSE(journal->close());
    auto reader = JournalReader::open(config.directory);
    ASSERT_TRUE(reader);
    for (const std::uint64_t gone : {1u, 2u}) std::filesystem::remove(config.directory / segment_name(gone));
    RecordView record;
    while (reader->next(record) == ReadStatus::record) {}
    EXPECT_EQ(reader->error().kind, JournalError::Kind::missing);
    EXPECT_NE(reader->error().file.find(segment_name(1)), std::string::npos);
}

}  // namespace
}  // namespace colo::test
