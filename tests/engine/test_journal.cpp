// The journal as its users see it: bytes that are pinned, appends that read back, segments that follow each other.
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <set>
#include <thread>

#include "tests/engine/journal_fixture.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// Counted, so that a test can say that there were none. Not inlined: GCC would warn that free does not belong to new.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
    ++allocations;
    if (void* memory = std::malloc(bytes)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace colo::test {
namespace {

std::string hex(Bytes bytes) {
    std::string text;
    for (std::byte b : bytes) {
        constexpr const char* digits = "0123456789abcdef";
        text += digits[std::to_integer<unsigned>(b) >> 4];
        text += digits[std::to_integer<unsigned>(b) & 15];
    }
    return text;
}

TEST(JournalLayout, a_record_has_these_bytes) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    const Appended appended = journal->writer().append({.kind = RecordKind::order_sent,
                                                        .source = RecordSource::engine,
                                                        .channel = ChannelId{0x0201},
                                                        .sequence = SequenceNumber{0x1122334455667788},
                                                        .receive_time = Timestamp{0x0102030405060708}},
                                                       bytes_of(std::string_view("order")));
    ASSERT_TRUE(appended);
    EXPECT_EQ(appended.offset, JournalOffset{4096});
    EXPECT_EQ(journal->writer().next_offset(), JournalOffset{4096 + 40});
    ASSERT_FALSE(journal->close());

    const auto file = file_bytes(config.directory / "journal-0000000000.colo");
    ASSERT_EQ(file.size(), 4096u + 40u);
    const Bytes bytes = std::as_bytes(std::span{file});
    EXPECT_EQ(hex(bytes.subspan(4096)), "05000000" "f98735ce" "0807060504030201" "8877665544332211"
                                        "02" "05" "0102" "00000000" "6f72646572" "000000");
}

TEST(JournalLayout, the_header_page_has_these_bytes) {
    std::vector<std::byte> page(segment_header_bytes);
    encode_segment_header({7, 0x180000, {"desk", "0123456789", "2012-06-21", "rel", "cfg"}}, page);
    EXPECT_EQ(hex(Bytes{page}.first(32)), "434f4c4f4a524e4c" "01000000" "00100000" "0700000000000000"
                                          "0000180000000000");
    EXPECT_EQ(hex(Bytes{page}.subspan(32, 5)), "6465736b00");
    EXPECT_EQ(hex(Bytes{page}.subspan(64, 11)), "3031323334353637383900");
    EXPECT_EQ(hex(Bytes{page}.subspan(80, 11)), "323031322d30362d323100");
    EXPECT_EQ(hex(Bytes{page}.subspan(96, 4)), "72656c00");
    EXPECT_EQ(hex(Bytes{page}.subspan(168, 4)), "63666700");
    EXPECT_EQ(hex(Bytes{page}.subspan(240, 4)), "b98e69c1");
    const auto decoded = decode_segment_header(page, "x", 7);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->identity, (JournalIdentity{"desk", "0123456789", "2012-06-21", "rel", "cfg"}));
}

TEST(Journal, what_is_appended_is_read_over_many_segments) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    constexpr std::uint64_t count = 20'000;
    for (std::uint64_t n = 1; n <= count; ++n) {
        ASSERT_TRUE(append(*journal, n));
        if (n % 97 == 0) journal->drain().step(Timestamp{});
    }
    ASSERT_FALSE(journal->close());
    EXPECT_GT(list_segments(config.directory)->size(), 10u);
    EXPECT_FALSE(std::filesystem::exists(config.hot_directory)) << "hot segments are left after close";
    EXPECT_EQ(read_all(config.directory), count + 1);
}

TEST(Journal, what_must_be_certain_is_synced_in_the_next_step) {
    JournalDirectories directories;
    JournalConfig config = directories.config();
    config.sync_interval = seconds(3600);
    auto journal = open_journal(config);
    JournalDrain& drain = journal->drain();
    Timestamp now{1};
    ASSERT_TRUE(append(*journal, 1));
    drain.step(now += seconds(7200));
    ASSERT_TRUE(append(*journal, 2));
    drain.step(now += milliseconds(2));
    const JournalOffset end = journal->writer().next_offset();
    EXPECT_EQ(drain.drained_offset(), end);
    EXPECT_LT(drain.synced_offset(), end);
    drain.sync_soon(end);
    EXPECT_LT(drain.synced_offset(), end) << "only the disk can say so";
    drain.step(now += milliseconds(2));
    EXPECT_EQ(drain.synced_offset(), end);
}

TEST(Journal, is_continued_where_it_ended) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    std::uint64_t n = 1;
    for (int run = 0; run < 5; ++run) {
        auto journal = open_journal(config);
        EXPECT_EQ(journal->recovery().resumed, run > 0);
        EXPECT_EQ(journal->recovery().next_offset, journal->writer().next_offset());
        for (int i = 0; i < 700; ++i) ASSERT_TRUE(append(*journal, n++));
        ASSERT_FALSE(journal->close());
    }
    EXPECT_EQ(read_all(config.directory), n);
}

TEST(Journal, another_release_continues_in_a_segment_of_its_own) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    ASSERT_TRUE(append(*open_journal(config), 1));
    JournalIdentity later = identity;
    later.release_digest = "release-b";
    ASSERT_TRUE(append(*open_journal(config, later), 2));
    EXPECT_EQ(read_all(config.directory), 3u);
    auto reader = JournalReader::open(config.directory, JournalOffset{config.segment_bytes});
    ASSERT_TRUE(reader);
    RecordView record;
    ASSERT_EQ(reader->next(record), ReadStatus::record);
    EXPECT_TRUE(is_record(record, 2));
    EXPECT_EQ(reader->segment()->identity.release_digest, "release-b");
}

TEST(Journal, of_another_session_or_length_is_refused_naming_both) {
    JournalDirectories directories;
    JournalConfig config = directories.config();
    ASSERT_TRUE(append(*open_journal(config), 1));
    JournalIdentity other = identity;
    other.mold_session = "ABCDEF0123";
    auto refused = Journal::open(config, other);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().to_string().find("mold_session of this journal is '0123456789', not 'ABCDEF0123'"),
              std::string::npos) << refused.error().to_string();
    config.segment_bytes *= 2;
    refused = Journal::open(config, identity);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, JournalError::Kind::identity);
}

TEST(Journal, has_one_process_at_a_time) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    auto second = Journal::open(config, identity);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, JournalError::Kind::in_use);
    ASSERT_FALSE(journal->close());
    EXPECT_TRUE(Journal::open(config, identity));
}

TEST(Journal, append_says_when_the_next_segment_is_not_ready) {
    JournalDirectories directories;
    JournalConfig config = directories.config();
    config.segments_ahead = 1;
    auto journal = open_journal(config);  // nobody steps: one segment and one ahead
    std::uint64_t n = 1;
    Appended appended;
    while ((appended = journal->writer().append(fields_of(n), payload_of(n)))) ++n;
    EXPECT_EQ(appended.status, AppendStatus::segment_not_ready);
    ASSERT_TRUE(append(*journal, n));  // steps, and tries the same record again
    ASSERT_FALSE(journal->close());
    EXPECT_EQ(read_all(config.directory), n + 1);
    EXPECT_EQ(journal->writer().append(fields_of(n), payload_of(n)).status, AppendStatus::closed);
}

TEST(Journal, payload_of_no_bytes_or_too_many_is_refused) {
    JournalDirectories directories;
    auto journal = open_journal(directories.config());
    std::vector<std::byte> payload(payload_bytes_max + 1, std::byte{1});
    EXPECT_EQ(journal->writer().append(fields_of(1), {}).status, AppendStatus::payload_not_allowed);
    EXPECT_EQ(journal->writer().append(fields_of(1), payload).status, AppendStatus::payload_not_allowed);
    EXPECT_TRUE(journal->writer().append(fields_of(1), Bytes{payload}.first(payload_bytes_max)));
}

TEST(Journal, append_never_calls_the_kernel) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer calls the kernel itself";
#endif
    JournalDirectories directories;
    auto journal = open_journal(directories.config());
    const auto payload = payload_of(3);
    const pid_t child = ::fork();
    if (child == 0) {
        // From here on the kernel kills whoever calls it for more than read, write and exit.
        if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) ::_exit(9);
        std::uint64_t appended = 0;
        while (journal->writer().append(fields_of(appended), payload)) ++appended;
        ::syscall(SYS_exit, appended > 2'000 ? 0 : 8);  // two segments were prepared
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 9) GTEST_SKIP() << "seccomp is not to be had here";
    ASSERT_FALSE(WIFSIGNALED(status)) << "append called the kernel";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Journal, append_never_allocates) {
    JournalDirectories directories;
    auto journal = open_journal(directories.config());
    const auto payload = payload_of(3);
    const std::uint64_t before = allocations;
    std::uint64_t appended = 0;
    while (journal->writer().append(fields_of(appended), payload)) ++appended;
    EXPECT_EQ(allocations, before);
    EXPECT_GT(appended, 2'000u);
}

TEST(Journal, append_faults_no_page) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer's own shadow memory faults";
#endif
    JournalDirectories directories;
    JournalConfig config = directories.config(8 << 20);
    auto journal = open_journal(config);
    const auto payload = payload_of(3);
    ASSERT_TRUE(journal->writer().append(fields_of(0), payload));
    rusage before{}, after{};
    ASSERT_EQ(::getrusage(RUSAGE_THREAD, &before), 0);
    for (std::uint64_t n = 1; n < 200'000; ++n) {  // past the end of the first segment
        if (!journal->writer().append(fields_of(n), payload)) FAIL();
    }
    ASSERT_EQ(::getrusage(RUSAGE_THREAD, &after), 0);
    EXPECT_LT(after.ru_minflt - before.ru_minflt, 8);
}

TEST(Journal, drained_segments_are_reused) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    std::set<ino_t> files;
    for (std::uint64_t n = 1; n <= 10'000; ++n) {
        ASSERT_TRUE(append(*journal, n));
        if (n % 100 != 0) continue;
        journal->drain().step(Timestamp{});
        for (const auto& entry : std::filesystem::directory_iterator(config.hot_directory)) {
            struct stat status {};
            if (::stat(entry.path().c_str(), &status) == 0) files.insert(status.st_ino);
        }
    }
    EXPECT_LE(files.size(), 5u) << "of " << list_segments(config.directory)->size() << " segments";
}

TEST(JournalReader, sees_exactly_what_is_written_while_it_is_written) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    constexpr std::uint64_t count = 60'000;
    std::atomic<bool> wrong{false};
    std::atomic<std::uint64_t> read{0};
    std::thread tail([&] {
        auto reader = JournalReader::open(config.directory);
        RecordView record;
        for (std::uint64_t n = 1; n <= count && reader;) {
            const ReadStatus status = reader->next(record);
            if (status == ReadStatus::end) {
                std::this_thread::yield();
                continue;
            }
            if (status == ReadStatus::error || !is_record(record, n)) {
                wrong = true;
                return;
            }
            read = n++;
        }
    });
    {
        DrainThread housekeeping(journal->drain(), std::chrono::microseconds(200));
        for (std::uint64_t n = 1; n <= count; ++n) {
            const auto payload = payload_of(n);
            while (!journal->writer().append(fields_of(n), payload)) std::this_thread::yield();
        }
    }
    ASSERT_FALSE(journal->close());
    tail.join();
    EXPECT_FALSE(wrong) << "after record " << read;
    EXPECT_EQ(read, count);
}

TEST(JournalReader, begins_at_any_record) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    auto journal = open_journal(config);
    std::vector<JournalOffset> offsets;
    for (std::uint64_t n = 0; n < 3'000; ++n) {
        ASSERT_TRUE(append(*journal, n));
        offsets.push_back(JournalOffset{journal->writer().next_offset() - record_bytes(payload_of(n).size())});
    }
    ASSERT_FALSE(journal->close());
    RecordView record;
    for (std::uint64_t n = 0; n < offsets.size(); n += 13) {
        auto reader = JournalReader::open(config.directory, offsets[n]);
        ASSERT_TRUE(reader);
        ASSERT_EQ(reader->next(record), ReadStatus::record);
        ASSERT_TRUE(is_record(record, n)) << "at offset " << offsets[n].value();
        ASSERT_EQ(record.offset, offsets[n]);
    }
    const JournalOffset end{offsets.back() + record_bytes(payload_of(2'999).size())};
    auto at_end = JournalReader::open(config.directory, end);
    ASSERT_TRUE(at_end);
    EXPECT_EQ(at_end->next(record), ReadStatus::end);
    auto beyond = JournalReader::open(config.directory, JournalOffset{offsets.back().value() + 4'000});
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().kind, JournalError::Kind::missing);
}

TEST(JournalReader, waits_for_a_journal_that_is_not_written_yet) {
    JournalDirectories directories;
    const JournalConfig config = directories.config();
    std::filesystem::create_directories(config.directory);
    auto reader = JournalReader::open(config.directory);
    ASSERT_TRUE(reader);
    RecordView record;
    EXPECT_EQ(reader->next(record), ReadStatus::end);
    ASSERT_TRUE(append(*open_journal(config), 1));
    ASSERT_EQ(reader->next(record), ReadStatus::record);
    EXPECT_TRUE(is_record(record, 1));
}

// Length of the payload of the record at a byte of a file.
std::uint32_t payload_length_at(const std::vector<char>& file, std::uint64_t at) {
    std::uint32_t length = 0;
    std::memcpy(&length, file.data() + at, sizeof length);
    return length;
}

class DamagedJournal : public ::testing::Test {
protected:
    void SetUp() override {
        config = directories.config();
        auto journal = open_journal(config);
        for (std::uint64_t n = 1; n <= 4'000; ++n) ASSERT_TRUE(append(*journal, n));
        ASSERT_FALSE(journal->close());
    }
    // Reads until the error, which must come.
    JournalError read_to_error() {
        auto reader = JournalReader::open(config.directory);
        if (!reader) return reader.error();
        RecordView record;
        ReadStatus status;
        while ((status = reader->next(record)) == ReadStatus::record) ++records;
        if (status == ReadStatus::error) return reader->error();
        ADD_FAILURE() << "no error after " << records << " records";
        return {};
    }
    JournalDirectories directories;
    JournalConfig config;
    std::uint64_t records = 0;
};

TEST_F(DamagedJournal, corrupt_record_is_an_error_naming_file_and_offset) {
    const auto path = config.directory / "journal-0000000001.colo";
    change_byte(path, segment_header_bytes + 40, '\x7e');
    const JournalError error = read_to_error();
    EXPECT_EQ(error.kind, JournalError::Kind::corrupt);
    EXPECT_EQ(error.file, path.string());
    EXPECT_EQ(error.offset, segment_header_bytes);
    EXPECT_EQ(error.to_string(), path.string() + " at byte 4096: corrupt record");
    EXPECT_GT(records, 0u);
}

TEST_F(DamagedJournal, every_changed_byte_of_a_record_is_noticed) {
    const auto path = config.directory / "journal-0000000000.colo";
    const auto good = file_bytes(path);
    const auto bytes = record_bytes(payload_of(1).size());
    const std::uint64_t padding = bytes - record_header_bytes - payload_of(1).size();
    for (std::uint64_t at = 0; at + padding < bytes; ++at) {
        auto bad = good;
        bad[segment_header_bytes + at] = static_cast<char>(bad[segment_header_bytes + at] ^ 0x10);
        write_file(path, bad);
        const JournalError error = read_to_error();
        ASSERT_EQ(error.kind, JournalError::Kind::corrupt) << "byte " << at;
        ASSERT_EQ(error.offset, segment_header_bytes) << "byte " << at;
    }
}

// To somebody who waits for more, a record of no or of too great a length at the end looks like one still to come.
TEST_F(DamagedJournal, records_behind_a_changed_length_are_noticed_at_the_end) {
    const auto segments = list_segments(config.directory);
    const auto path = config.directory / segment_name(segments->back());
    const auto good = file_bytes(path);
    const auto second = segment_header_bytes + record_bytes(payload_length_at(good, segment_header_bytes));
    for (const std::uint32_t length : {0u, 60'000u}) {
        auto bad = good;
        std::memcpy(bad.data() + second, &length, sizeof length);
        write_file(path, bad);
        auto reader = JournalReader::open(config.directory);
        RecordView record;
        while (reader->next(record) == ReadStatus::record) {}
        const auto error = reader->check_end();
        ASSERT_TRUE(error) << "length " << length;
        EXPECT_EQ(error->kind, JournalError::Kind::corrupt);
        EXPECT_EQ(error->file, path.string());
        EXPECT_EQ(error->offset, second);
    }
    write_file(path, good);
    auto reader = JournalReader::open(config.directory);
    RecordView record;
    while (reader->next(record) == ReadStatus::record) {}
    EXPECT_FALSE(reader->check_end());
}

TEST_F(DamagedJournal, unknown_version_is_refused_naming_both) {
    change_byte(config.directory / "journal-0000000000.colo", 8, 9);
    const JournalError error = read_to_error();
    EXPECT_EQ(error.kind, JournalError::Kind::version);
    EXPECT_NE(error.reason.find("version 9"), std::string::npos) << error.reason;
    EXPECT_NE(error.reason.find("version 1"), std::string::npos) << error.reason;
}

TEST_F(DamagedJournal, file_that_is_no_journal_is_refused) {
    change_byte(config.directory / "journal-0000000000.colo", 0, 'X');
    EXPECT_NE(read_to_error().reason.find("no journal"), std::string::npos);
}

TEST_F(DamagedJournal, changed_header_page_is_noticed) {
    change_byte(config.directory / "journal-0000000000.colo", 33, 'x');
    EXPECT_NE(read_to_error().reason.find("checksum"), std::string::npos);
}

TEST_F(DamagedJournal, segment_cut_before_a_later_one_is_an_error) {
    const auto path = config.directory / "journal-0000000000.colo";
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 16);
    const JournalError error = read_to_error();
    EXPECT_EQ(error.kind, JournalError::Kind::corrupt);
    EXPECT_EQ(error.file, path.string());
    EXPECT_NE(error.reason.find("end mark"), std::string::npos);
}

TEST_F(DamagedJournal, missing_segment_stops_the_next_start) {
    std::filesystem::remove(config.directory / "journal-0000000001.colo");
    auto opened = Journal::open(config, identity);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, JournalError::Kind::missing);
    EXPECT_NE(opened.error().file.find("journal-0000000001.colo"), std::string::npos);
}

}  // namespace
}  // namespace colo::test
