// Crashes at every byte and at random moments: what append returned for is there afterwards, and nothing else is.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <map>
#include <thread>

#include "tests/engine/journal_fixture.hpp"

namespace colo::test {
namespace {

// End of each record of a journal of one segment, by the number of records before it.
std::map<std::uint64_t, std::uint64_t> ends_of_records(std::uint64_t count) {
    std::map<std::uint64_t, std::uint64_t> ends{{segment_header_bytes, 0}};
    std::uint64_t at = segment_header_bytes;
    for (std::uint64_t n = 1; n <= count; ++n) ends[at += record_bytes(payload_of(n).size())] = n;
    return ends;
}

// Whole records in the first `bytes` bytes. A record is whole without the zeros that pad it.
std::uint64_t whole_records(std::uint64_t bytes, std::uint64_t count, bool padding_is_there) {
    std::uint64_t at = segment_header_bytes, n = 0;
    while (n < count) {
        const std::uint64_t payload_bytes = payload_of(n + 1).size();
        if (bytes < at + (padding_is_there ? record_header_bytes + payload_bytes : record_bytes(payload_bytes))) break;
        at += record_bytes(payload_bytes);
        ++n;
    }
    return n;
}

class CrashAtEveryByte : public ::testing::Test {
protected:
    static constexpr std::uint64_t count = 24;
    void SetUp() override {
        config = directories.config();
        auto journal = open_journal(config);
        for (std::uint64_t n = 1; n <= count; ++n) ASSERT_TRUE(append(*journal, n));
        ASSERT_FALSE(journal->close());
        whole = file_bytes(segment());
    }
    std::filesystem::path segment() const { return config.directory / segment_name(0); }
    // Opens, expects `kept` records, appends one more, and reads everything back.
    void expect_recovered(std::uint64_t kept, std::uint64_t at) {
        auto journal = open_journal(config);
        ASSERT_TRUE(journal) << "crash at byte " << at;
        ASSERT_TRUE(append(*journal, kept + 1));
        ASSERT_FALSE(journal->close());
        ASSERT_EQ(read_all(config.directory), kept + 2) << "crash at byte " << at;
    }
    JournalDirectories directories{memory_root()};
    JournalConfig config;
    std::vector<char> whole;
};

TEST_F(CrashAtEveryByte, a_file_cut_at_any_byte_keeps_the_whole_records) {
    for (std::uint64_t at = 0; at <= whole.size(); ++at) {
        if (at < segment_header_bytes && at % 128 != 0) continue;
        std::filesystem::remove_all(config.directory);
        std::filesystem::create_directories(config.directory);
        write_file(segment(), {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at)});
        expect_recovered(whole_records(at, count, false), at);
    }
}

TEST_F(CrashAtEveryByte, a_file_of_zeros_from_any_byte_keeps_the_whole_records) {
    for (std::uint64_t at = segment_header_bytes; at <= whole.size(); ++at) {
        std::filesystem::remove_all(config.directory);
        std::filesystem::create_directories(config.directory);
        auto bytes = whole;
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), '\0');
        write_file(segment(), bytes);
        // A payload may end in zeros of its own: then cutting them changes nothing.
        std::uint64_t kept = 0;
        for (const auto& [end, records] : ends_of_records(count)) {
            const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(std::min(at, end));
            const auto until = whole.begin() + static_cast<std::ptrdiff_t>(end);
            if (std::any_of(begin, until, [](char c) { return c != 0; })) break;
            kept = records;
        }
        ASSERT_GE(kept, whole_records(at, count, true));
        expect_recovered(kept, at);
    }
}

// The stores of an append in their order: header without length, payload, and the length last.
TEST_F(CrashAtEveryByte, sigkill_between_any_two_stores_loses_no_appended_record) {
    const auto path = config.hot_directory / segment_name(0);
    const auto ends = ends_of_records(count);
    const std::uint64_t begin = std::prev(ends.end(), 2)->first;  // of the last record
    const std::uint64_t end = std::prev(ends.end())->first;
    for (std::uint64_t stored = 0; stored <= end - begin; ++stored) {
        std::filesystem::remove_all(config.directory);
        std::filesystem::create_directories(config.directory);
        std::filesystem::create_directories(config.hot_directory);
        auto bytes = whole;
        bytes.resize(config.segment_bytes);
        // `stored` counts bytes 4.. of the record; the last store puts the four bytes of the length.
        const bool published = stored == end - begin;
        if (!published) {
            std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), 4, '\0');
            std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(std::min(begin + 4 + stored, end)),
                      bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
        }
        write_file(path, bytes);
        expect_recovered(published ? count : count - 1, stored);
    }
}

TEST_F(CrashAtEveryByte, a_torn_record_is_kept_beside_the_journal) {
    auto bytes = whole;
    bytes.resize(bytes.size() - 8);
    write_file(segment(), bytes);
    auto journal = open_journal(config);
    ASSERT_TRUE(journal);
    const std::uint64_t begin = std::prev(ends_of_records(count).end(), 2)->first;
    EXPECT_GT(journal->recovery().torn_bytes, 0u);
    const auto torn = file_bytes(segment().string() + ".torn-" + std::to_string(begin));
    ASSERT_EQ(torn.size(), journal->recovery().torn_bytes);
    EXPECT_TRUE(std::equal(torn.begin(), torn.end(), whole.begin() + static_cast<std::ptrdiff_t>(begin)));
}

TEST_F(CrashAtEveryByte, a_bad_record_before_whole_ones_is_refused_and_nothing_is_cut) {
    change_byte(segment(), segment_header_bytes + 37, '\x55');
    auto opened = Journal::open(config, identity);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, JournalError::Kind::corrupt);
    EXPECT_EQ(opened.error().file, segment().string());
    EXPECT_EQ(opened.error().offset, segment_header_bytes);
    EXPECT_EQ(std::filesystem::file_size(segment()), whole.size());
}

TEST(JournalRecovery, a_page_that_power_loss_took_ends_the_journal_before_it) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    {
        auto journal = open_journal(config);
        for (std::uint64_t n = 1; n <= 600; ++n) ASSERT_TRUE(append(*journal, n));
    }
    auto bytes = file_bytes(config.directory / segment_name(0));
    ASSERT_GT(bytes.size(), 16'384u);
    std::fill_n(bytes.begin() + 12'288, 4'096, '\0');
    write_file(config.directory / segment_name(0), bytes);
    auto journal = open_journal(config);
    ASSERT_TRUE(journal);
    EXPECT_GT(journal->recovery().torn_bytes, 4'096u);
    const std::uint64_t kept = whole_records(12'288, 600, false);
    ASSERT_FALSE(journal->close());
    EXPECT_EQ(read_all(config.directory), kept + 1);
}

TEST(JournalRecovery, undrained_segments_of_a_dead_process_are_drained_first) {
    JournalDirectories directories, crashed;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    std::uint64_t n = 1;
    // Nothing is drained but the first few records; two segments are full, the third is begun.
    for (; n <= 5; ++n) ASSERT_TRUE(append(*journal, n));
    journal->drain().step(Timestamp{});
    while (journal->writer().append(fields_of(n), payload_of(n))) ++n;
    copy_state(config, crashed.config());
    auto resumed = open_journal(crashed.config());
    ASSERT_TRUE(resumed);
    EXPECT_TRUE(resumed->recovery().resumed);
    EXPECT_GT(resumed->recovery().drained_bytes, config.segment_bytes);
    EXPECT_EQ(resumed->recovery().torn_bytes, 0u);
    EXPECT_EQ(read_all(crashed.config().directory), n) << "readers see all before the first append";
    ASSERT_TRUE(append(*resumed, n));
    ASSERT_FALSE(resumed->close());
    EXPECT_FALSE(std::filesystem::exists(crashed.config().hot_directory)) << "drained segments are left in memory";
    EXPECT_EQ(read_all(crashed.config().directory), n + 1);
}

TEST(JournalRecovery, a_crash_of_the_recovery_is_recovered) {
    JournalDirectories directories, crashed;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    std::uint64_t n = 1;
    while (journal->writer().append(fields_of(n), payload_of(n))) ++n;
    for (std::uint64_t drained : {0, 100, 4'095, 4'096, 4'100, 50'000, 90'000}) {
        copy_state(config, crashed.config());
        auto bytes = file_bytes(config.hot_directory / segment_name(0));
        bytes.resize(drained);
        write_file(crashed.config().directory / segment_name(0), bytes);
        auto resumed = open_journal(crashed.config());
        ASSERT_TRUE(resumed);
        ASSERT_FALSE(resumed->close());
        EXPECT_EQ(read_all(crashed.config().directory), n);
    }
}

// Lets a child run `work` between two stops of its own, one instruction at a time; `look` is called after each. The
// number of instructions, or 0 where this machine does not allow tracing.
template <class Work, class Look>
std::uint64_t step_through(Work&& work, Look&& look) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(9);
        ::raise(SIGSTOP);
        work();
        ::raise(SIGSTOP);
        ::_exit(0);
    }
    std::uint64_t instructions = 0;
    int status = 0;
    if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return 0;
    for (;;) {
        ::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
        ::waitpid(child, &status, 0);
        if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) break;
        ++instructions;
        look();
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return instructions;
}

// Killing at an instruction leaves the memory as it is after it: it is looked at after every one.
void expect_whole_or_nothing(Journal& journal, const JournalConfig& config, std::uint64_t n, bool opens_segment) {
    const JournalOffset offset =
        opens_segment ? JournalOffset{config.segment_bytes + segment_header_bytes} : journal.writer().next_offset();
    const auto path = config.hot_directory / segment_name(offset.value() / config.segment_bytes);
    auto file = JournalFile::open(path, O_RDONLY);
    ASSERT_TRUE(file) << file.error().to_string();
    const auto payload = payload_of(n);
    std::vector<std::byte> bytes(record_bytes(payload.size()));
    std::uint64_t unwritten = 0, whole = 0;
    const std::uint64_t instructions = step_through(
        [&] { static_cast<void>(journal.writer().append(fields_of(n), payload)); },
        [&] {
            RecordHeader header;
            const auto got = file->read(offset.value() % config.segment_bytes, bytes);
            const RecordState state = got ? examine_record(bytes, header) : RecordState::corrupt;
            unwritten += state == RecordState::unwritten;
            whole += state == RecordState::whole;
        });
    if (instructions == 0) GTEST_SKIP() << "ptrace is not allowed here";
    EXPECT_EQ(unwritten + whole, instructions) << "half a record was to be seen";
    EXPECT_GT(unwritten, 20u);
    EXPECT_GT(whole, 0u);
}

TEST(JournalRecovery, half_a_record_is_never_to_be_seen_at_any_instruction) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    for (std::uint64_t n = 1; n <= 8; ++n) {
        ASSERT_TRUE(append(*journal, n));
        expect_whole_or_nothing(*journal, config, n + 1, false);
    }
    std::uint64_t n = 9;
    while (config.segment_bytes - journal->writer().next_offset().value() >= record_bytes(payload_of(n).size())) {
        ASSERT_TRUE(append(*journal, n++));
    }
    expect_whole_or_nothing(*journal, config, n, true);
}

// A child that appends as fast as it can, and counts in shared memory what append has returned for.
[[noreturn]] void append_until_killed(const JournalConfig& config, std::atomic<std::uint64_t>& returned) {
    auto opened = Journal::open(config, identity);
    if (!opened) ::_exit(3);
    Journal& journal = **opened;
    DrainThread housekeeping(journal.drain(), std::chrono::microseconds(100));
    for (std::uint64_t n = returned + 1;; ++n) {
        const auto payload = payload_of(n);
        while (!journal.writer().append(fields_of(n), payload)) {
            if (journal.drain().failed()) ::_exit(4);
            std::this_thread::yield();
        }
        returned.store(n, std::memory_order_release);
    }
}

TEST(JournalRecovery, sigkill_at_random_moments_loses_nothing) {
    const std::uint64_t chosen = seed();
    SCOPED_TRACE("COLO_SEED=" + std::to_string(chosen));
    std::mt19937_64 random(chosen);
    JournalDirectories directories;
    const JournalConfig config = directories.config(128 * 1024);
    void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(shared, MAP_FAILED);
    auto& returned = *new (shared) std::atomic<std::uint64_t>(0);
    for (int kill = 0; kill < 25; ++kill) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) append_until_killed(config, returned);
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended with code " << WEXITSTATUS(status);
        auto journal = open_journal(config);
        ASSERT_TRUE(journal);
        ASSERT_FALSE(journal->close());
        // One more record may be whole whose append had not returned yet.
        const std::uint64_t kept = read_all(config.directory) - 1;
        ASSERT_GE(kept, returned.load());
        ASSERT_LE(kept, returned.load() + 1);
        returned = kept;
    }
    EXPECT_GT(returned, 1'000u);
    ::munmap(shared, 4096);
}

}  // namespace
}  // namespace colo::test
