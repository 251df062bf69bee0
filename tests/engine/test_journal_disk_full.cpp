// A disk that refuses: the error names file and offset, nothing appended is lost, and the next start goes on.
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/engine/journal_fixture.hpp"

namespace colo::test {
namespace {

// Appends until the journal refuses; the number of records that it took.
std::uint64_t append_until_refused(Journal& journal, std::uint64_t first) {
    std::uint64_t n = first;
    while (append(journal, n)) {
        if (n % 64 == 0) journal.drain().step(Timestamp{});
        ++n;
    }
    return n - first;
}

void expect_kept(const JournalConfig& config, std::uint64_t appended) {
    auto resumed = open_journal(config);
    ASSERT_TRUE(resumed);
    EXPECT_GT(resumed->recovery().drained_bytes, 0u);
    ASSERT_FALSE(resumed->close());
    EXPECT_EQ(read_all(config.directory), appended + 1);
}

TEST(JournalDiskFull, is_an_error_with_file_and_offset_and_loses_nothing) {
    JournalDirectories directories;
    JournalConfig config = directories.config(128 * 1024);
    const auto small = directories.disk.path() / "small";
    std::filesystem::create_directories(small);
    if (::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=512k") != 0) GTEST_SKIP() << "mounting needs root";
    config.directory = small / "journal";
    config.hot_segments_max = 4;
    {
        auto journal = open_journal(config);
        ASSERT_TRUE(journal);
        const std::uint64_t appended = append_until_refused(*journal, 1);
        ASSERT_TRUE(journal->drain().failed());
        const JournalError error = journal->drain().failure();
        EXPECT_EQ(error.kind, JournalError::Kind::storage);
        EXPECT_TRUE(std::filesystem::exists(error.file)) << error.file;
        EXPECT_EQ(error.offset, std::filesystem::file_size(error.file));
        EXPECT_NE(error.to_string().find("No space left on device"), std::string::npos) << error.to_string();
        EXPECT_TRUE(journal->close()) << "close must not pretend that all is on disk";
        journal.reset();
        // A start on the full disk says so too, and still loses nothing.
        auto refused = Journal::open(config, identity);
        EXPECT_FALSE(refused);
        ASSERT_EQ(::mount("tmpfs", small.c_str(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
        expect_kept(config, appended);
    }
    ::umount2(small.c_str(), MNT_DETACH);
}

TEST(JournalDiskFull, file_length_limit_is_an_error_and_loses_nothing) {
    JournalDirectories directories;
    const JournalConfig config = directories.config(1 << 20);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    auto journal = open_journal(config);  // hot segments are reserved before the limit holds
    ASSERT_TRUE(journal);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{200'000, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    std::uint64_t n = 1;
    for (; n <= 6'000; ++n) ASSERT_TRUE(append(*journal, n));
    EXPECT_TRUE(journal->close());
    ASSERT_TRUE(journal->drain().failed());
    EXPECT_EQ(journal->drain().failure().offset, 200'000u);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    journal.reset();
    expect_kept(config, n - 1);
}

TEST(JournalDiskFull, memory_that_cannot_be_reserved_is_an_error_at_the_start) {
    JournalDirectories directories;
    JournalConfig config = directories.config(1 << 20);
    config.hot_directory = "/proc/colo-cannot-exist";
    auto opened = Journal::open(config, identity);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, JournalError::Kind::storage);
    EXPECT_NE(opened.error().to_string().find("/proc/colo-cannot-exist"), std::string::npos);
}

}  // namespace
}  // namespace colo::test
