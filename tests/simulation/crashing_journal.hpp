// The engine's real journal, in files of its own, that dies at any write.
//
// A crash is thrown out of the append that it befalls, with any part of the record's bytes stored in the order in which
// the writer stores them (its length last). SIGKILL keeps every byte of the hot segment; power loss keeps the directory
// alone, to which the drain writes and syncs. Either way the process that comes next finds a copy of the files as they
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
};

class CrashingJournal {
public:
    CrashingJournal(const Scenario& scenario, RandomSource& random, const SimulatedClock& clock)
        : scenario_(scenario), random_(random), clock_(clock), config_(places_[0].config()) {
        config_.segments_ahead = 1;
        config_.sync_interval = Duration{0};
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
        }
        require(power_was_lost || at == stored.size(), "the journal keeps its records", [&] {
            return std::to_string(stored.size()) + " were appended, " + std::to_string(at) + " are there";
        });
        stored.resize(at);
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
        if (power) std::filesystem::remove_all(next.hot_directory);
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
        stored.push_back({fields, {payload.begin(), payload.end()}});
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
    void leave_torn(const JournalConfig& files) {
        const std::uint64_t at = journal_->writer().next_offset().value();
        if (at % config_.segment_bytes + torn_.size() <= config_.segment_bytes) overwrite(files, at, torn_);
        if (scenario_.mistake == Mistake::record_lost_in_crash && last_offset_)
            overwrite(files, last_offset_->value(), std::array<std::byte, 4>{});
    }
    void overwrite(const JournalConfig& files, std::uint64_t at, Bytes bytes) const {
        const auto path = files.hot_directory / segment_name(at / config_.segment_bytes);
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(at % config_.segment_bytes));
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
    bool full_ = false;
};

}  // namespace colo::simulation
