// The engine's real journal, in files of its own, that dies at any write.
//
// A crash is thrown out of the append that it befalls, with any part of the record's bytes stored in the order in which
// the writer stores them (its length last). SIGKILL keeps every byte of the hot segment; power loss keeps the directory
// alone, and of what the drain has written there and not synced any pages and no others. Either way the process that comes next finds a copy of the files as they
// were at that instant, and opens them with the recovery that a real one runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "engine/journal/journal.hpp"
#include "engine/journal/reader.hpp"
#include "engine/transport/transport.hpp"
#include "tests/engine/journal_fixture.hpp"
#include "tests/simulation/faulty_network.hpp"
#include "tests/simulation/violation.hpp"

namespace colo::simulation {

struct Crash {
    bool power = false;
};

struct StoredRecord {
    RecordFields fields;
    std::vector<std::byte> payload;
    JournalOffset end;  // where it ended in the journal of its process
};

class CrashingJournal {
public:
    CrashingJournal(const Scenario& scenario, RandomSource& random, const SimulatedClock& clock)
        : scenario_(scenario), random_(random), clock_(clock), config_(places_[0].config()) {
        config_.segments_ahead = 1;
        config_.sync_interval = scenario.sync_interval;
    }

    // Called with each record that is about to be stored.
    std::function<void(const RecordFields&, Bytes)> on_append;
    // What the engine was told is in the journal, since its beginning.
    std::vector<StoredRecord> stored;
    std::optional<std::uint64_t> appends_to_crash, appends_to_full_disk;

    void open() {
        static const JournalIdentity identity{"simulation", "SIMULATED1", "2012-06-21", "none", "none"};
        auto opened = Journal::open(config_, identity);
        require(static_cast<bool>(opened), "the journal recovers", [&] { return opened.error().to_string(); });
        journal_ = std::move(*opened);
        full_ = false;
        last_offset_.reset();
    }
    [[nodiscard]] JournalReader reader() const {
        auto opened = JournalReader::open(config_.directory);
        require(static_cast<bool>(opened), "the journal can be read", [&] { return opened.error().to_string(); });
        return std::move(*opened);
    }
    // Compares what lies in the files with what was stored. After a power loss the tail may be missing.
    void verify(bool power_was_lost) {
        JournalReader from = reader();
        RecordView record;
        std::size_t at = 0;
        for (ReadStatus status = from.next(record); status != ReadStatus::end; status = from.next(record), ++at) {
            require(status == ReadStatus::record, "the journal can be read", [&] { return from.error().to_string(); });
            require(at < stored.size() && same(record, stored[at]), "the journal keeps its records",
                    [&] { return "record " + std::to_string(at) + " is not the one that was appended"; });
            stored[at].end = record.next_offset;
        }
        require(power_was_lost || at == stored.size(), "the journal keeps its records", [&] {
            return std::to_string(stored.size()) + " were appended, " + std::to_string(at) + " are there";
        });
        require(at >= certain_, "what was synced survives power loss", [&] {
            return std::to_string(certain_) + " were synced, " + std::to_string(at) + " are there";
        });
        stored.resize(at);
        certain_ = 0;
    }
    void housekeeping() {
        journal_->drain().step(clock_.monotonic());
        require(!journal_->drain().failed(), "the journal can be drained",
                [&] { return journal_->drain().failure().to_string(); });
    }
    void close() {
        const auto error = journal_->close();
        require(!error, "the journal closes", [&] { return error->to_string(); });
        journal_.reset();
    }
    // The process is gone: what it leaves is copied to where the next one looks.
    void crash(bool power) {
        JournalConfig next = config_;
        place_ = 1 - place_;
        const JournalConfig files = places_[place_].config();
        next.directory = files.directory;
        next.hot_directory = files.hot_directory;
        std::filesystem::create_directories(next.hot_directory);
        test::copy_state(config_, next);
        if (power) lose_power(next);
        else leave_torn(next);
        torn_.clear();
        journal_.reset();
        config_ = next;
    }

    [[nodiscard]] bool full() const { return full_; }

    // As the recorder of a TradingEngine.
    bool append(const RecordFields& fields, Bytes payload) {
        if (full_ || (appends_to_full_disk && (*appends_to_full_disk)-- == 0)) {
            appends_to_full_disk.reset();
            full_ = true;
            return false;
        }
        if (appends_to_crash && (*appends_to_crash)-- == 0) die(fields, payload);
        if (scenario_.mistake == Mistake::order_not_journaled && fields.kind == RecordKind::order_sent &&
            random_.chance(0.1))
            return true;
        store(fields, payload);
        return true;
    }
    void sync_soon() {
        wanted_ = journal_->writer().next_offset();
        journal_->drain().sync_soon(wanted_);
    }
    [[nodiscard]] bool synced() const {
        return journal_->drain().synced_offset() >= wanted_ || scenario_.mistake == Mistake::numbers_used_early;
    }
    [[nodiscard]] bool failed() const { return false; }
    [[nodiscard]] static std::string failure() { return "journal: no space left"; }

private:
    static bool same(const RecordView& record, const StoredRecord& stored) {
        return record.header.kind == stored.fields.kind && record.header.source == stored.fields.source &&
               record.header.sequence == stored.fields.sequence.value() &&
               record.header.receive_time_ns == stored.fields.receive_time.value() &&
               std::equal(record.payload.begin(), record.payload.end(), stored.payload.begin(), stored.payload.end());
    }
    void store(const RecordFields& fields, Bytes payload) {
        on_append(fields, payload);
        Appended appended = journal_->writer().append(fields, payload);
        for (int tries = 0; !appended && tries < 3; ++tries) {
            housekeeping();
            appended = journal_->writer().append(fields, payload);
        }
        require(static_cast<bool>(appended), "the journal can be written", [&] { return to_string(appended.status); });
        stored.push_back({fields, {payload.begin(), payload.end()}, journal_->writer().next_offset()});
        last_offset_ = appended.offset;
    }
    // Some bytes of the record, or all of them, are stored; then nothing more happens.
    [[noreturn]] void die(const RecordFields& fields, Bytes payload) {
        appends_to_crash.reset();
        if (random_.chance(0.3)) {
            store(fields, payload);
        } else {
            RecordHeader header{};
            header.receive_time_ns = fields.receive_time.value();
            header.sequence = fields.sequence.value();
            header.kind = fields.kind;
            header.source = fields.source;
            header.channel = fields.channel.value();
            header.crc32c = record_crc32c(header, payload);
            torn_.assign(record_bytes(payload.size()), std::byte{0});
            std::memcpy(torn_.data(), &header, sizeof header);
            std::copy(payload.begin(), payload.end(), torn_.begin() + sizeof header);
            torn_.resize(random_.below(torn_.size()));
        }
        throw Crash{random_.chance(scenario_.power_losses)};
    }
    // Memory is gone; of the pages that were written since the last sync each is there or is not.
    void lose_power(const JournalConfig& files) {
        std::filesystem::remove_all(files.hot_directory);
        const JournalOffset synced = journal_->drain().synced_offset();
        certain_ = static_cast<std::size_t>(std::count_if(stored.begin(), stored.end(), [&](const StoredRecord& record) {
            return record.end <= synced;
        }));
        const auto path = files.directory / segment_name(synced.value() / config_.segment_bytes);
        if (!std::filesystem::exists(path)) return;
        constexpr std::uint64_t page = 4096;
        std::uint64_t length = std::filesystem::file_size(path);
        std::uint64_t at = synced.value() % config_.segment_bytes;
        if (at < length && random_.chance(0.5)) {
            length = at + random_.below(length - at);
            std::filesystem::resize_file(path, length);
        }
        for (std::uint64_t end = 0; at < length; at = end) {
            end = std::min(length, (at / page + 1) * page);
            if (random_.chance(0.5)) overwrite(path, at, std::vector<std::byte>(end - at));
        }
        if (scenario_.mistake == Mistake::synced_record_lost && certain_ > 0)
            overwrite(path, stored[certain_ - 1].end.value() % config_.segment_bytes - record_alignment,
                      std::vector<std::byte>(record_alignment, std::byte{0xA5}));
    }
    void leave_torn(const JournalConfig& files) {
        const std::uint64_t at = journal_->writer().next_offset().value();
        const auto path = [&](std::uint64_t offset) { return files.hot_directory / segment_name(offset / config_.segment_bytes); };
        const std::uint64_t within = at % config_.segment_bytes;
        if (within + torn_.size() <= config_.segment_bytes) overwrite(path(at), within, torn_);
        if (scenario_.mistake == Mistake::record_lost_in_crash && last_offset_)
            overwrite(path(last_offset_->value()), last_offset_->value() % config_.segment_bytes, std::array<std::byte, 4>{});
    }
    static void overwrite(const std::filesystem::path& path, std::uint64_t at, Bytes bytes) {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(at));
        file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }

    const Scenario& scenario_;
    RandomSource& random_;
    const SimulatedClock& clock_;
    std::array<test::JournalDirectories, 2> places_{test::JournalDirectories(test::memory_root()),
                                                    test::JournalDirectories(test::memory_root())};
    std::size_t place_ = 0;
    JournalConfig config_;
    std::unique_ptr<Journal> journal_;
    std::vector<std::byte> torn_;
    std::optional<JournalOffset> last_offset_;
    JournalOffset wanted_;
    std::size_t certain_ = 0;  // of `stored`, what power loss has had to leave
    bool full_ = false;
};

}  // namespace colo::simulation
