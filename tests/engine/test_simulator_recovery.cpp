// The simulated venue after a crash: its journal cut at any byte, damaged, foreign or on a full disk; and the program
// killed with SIGKILL in mid-session, after which the client hears exactly what it would have heard.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>

#include "engine/simulator/random_source.hpp"
#include "engine/simulator/simulator_error.hpp"
#include "tests/engine/simulator_client.hpp"
#include "tests/engine/venue_session.hpp"

namespace colo::simulator {
namespace {

[[nodiscard]] std::uint64_t first_seed() {
    const char* text = std::getenv("COLO_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 20'260'115;
}

// A client message that depends on nothing but the seed and its number.
[[nodiscard]] ouch50::EnterOrder order(std::uint32_t number) {
    RandomSource random(mixed(number) ^ 77);
    ouch50::EnterOrder message;
    message.user_ref_num = UserRefNum{number};
    message.side = random.chance(0.5) ? ouch50::OrderSide::buy : ouch50::OrderSide::sell;
    message.quantity = Quantity{random.between(1, 400)};
    message.symbol = random.chance(0.6) ? "AMZN" : "AAPL";
    const std::int64_t cents = message.symbol == std::string_view("AMZN") ? 22'200 : 58'500;
    message.price = Price{(cents + random.between(-30, 30)) * 100};
    return message;
}

class JournalFile : public ::testing::Test {
protected:
    void append(ExchangeJournal& journal, std::uint64_t position) {
        const ouch50::EnterOrder message = order(static_cast<std::uint32_t>(position));
        journal.append({SequenceNumber{position}, ExchangeJournal::Kind::message, bytes_of(message)});
        journal.commit();
    }
    [[nodiscard]] std::string error_of_opening(const std::string& session = mold_session) {
        try {
            ExchangeJournal journal(folder.path(), session);
        } catch (const SimulatorError& error) {
            return error.what();
        }
        return "";
    }
    [[nodiscard]] std::string content() const {
        std::ifstream stream(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    void overwrite(const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

    TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "exchange.journal";
};

TEST_F(JournalFile, GivesBackWhatWasCommitted) {
    {
        ExchangeJournal journal(folder.path(), mold_session);
        EXPECT_TRUE(journal.recovered().empty());
        append(journal, 3);
        journal.append({SequenceNumber{4}, ExchangeJournal::Kind::disconnect, {}});
        journal.set_played(SequenceNumber{9});
        journal.commit();
        journal.append({SequenceNumber{9}, ExchangeJournal::Kind::disconnect, {}});  // never committed
    }
    ExchangeJournal journal(folder.path(), mold_session);
    ASSERT_EQ(journal.recovered().size(), 2u);
    EXPECT_EQ(journal.recovered()[0].position, SequenceNumber{3});
    EXPECT_EQ(text_of(journal.recovered()[0].payload), text_of(bytes_of(order(3))));
    EXPECT_EQ(journal.recovered()[1].kind, ExchangeJournal::Kind::disconnect);
    EXPECT_EQ(journal.played(), SequenceNumber{9});
    EXPECT_EQ(journal.cut_off(), 0u);
}

TEST_F(JournalFile, UnfinishedEntryIsCutOffAtEveryByte) {
    std::size_t whole = 0;
    {
        ExchangeJournal journal(folder.path(), mold_session);
        append(journal, 3);
        whole = content().size();
        append(journal, 5);
    }
    const std::string all = content();
    for (std::size_t length = whole + 1; length < all.size(); ++length) {
        overwrite(all.substr(0, length));
        {
            ExchangeJournal journal(folder.path(), mold_session);
            ASSERT_EQ(journal.recovered().size(), 1u) << length;
            EXPECT_EQ(journal.cut_off(), length - whole);
            append(journal, 7);
        }
        ExchangeJournal journal(folder.path(), mold_session);
        ASSERT_EQ(journal.recovered().size(), 2u);
        EXPECT_EQ(journal.recovered()[1].position, SequenceNumber{7});
    }
    overwrite(all.substr(0, 20));  // not even its header was finished
    ExchangeJournal journal(folder.path(), mold_session);
    EXPECT_TRUE(journal.recovered().empty());
}

TEST_F(JournalFile, DamageIsNamedWithFileAndOffset) {
    {
        ExchangeJournal journal(folder.path(), mold_session);
        append(journal, 3);
        append(journal, 5);
    }
    std::string bytes = content();
    bytes[50] = static_cast<char>(bytes[50] ^ 1);  // in the first entry
    overwrite(bytes);
    EXPECT_EQ(error_of_opening(), file.string() + ": offset 40: entry is damaged");
    EXPECT_EQ(content(), bytes);  // and nothing is lost of it
    bytes[0] = '?';
    overwrite(bytes);
    EXPECT_EQ(error_of_opening(), file.string() + ": offset 0: is not a journal of the exchange simulator");
}

TEST_F(JournalFile, AnotherSessionOrHolderIsRefused) {
    {
        ExchangeJournal journal(folder.path(), mold_session);
        EXPECT_EQ(error_of_opening(), file.string() + ": another exchange_simulator has it open");
    }
    EXPECT_EQ(error_of_opening("AAAAAAAAAA"), file.string() + ": belongs to session 0123456789, not to AAAAAAAAAA");
}

TEST_F(JournalFile, FullDiskIsNamedWithFileAndOffset) {
    ExchangeJournal journal(folder.path(), mold_session);
    append(journal, 3);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit full = before;
    full.rlim_cur = content().size();
    ::setrlimit(RLIMIT_FSIZE, &full);
    std::string error;
    try {
        append(journal, 5);
    } catch (const SimulatorError& caught) {
        error = caught.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    const std::string offset = std::to_string(content().size());
    EXPECT_EQ(error, file.string() + ": cannot write at offset " + offset + ": File too large");
}

class Recovery : public ::testing::Test {
protected:
    // Plays from where the venue stands, with an order behind every third message from the opening on.
    static void play_on(Exchange& exchange) {
        for (std::uint64_t next = exchange.position().value() + 1; next <= exchange.message_count(); ++next) {
            exchange.play_to(SequenceNumber{next});
            exchange.commit();
            if (next > 450 && next % 3 == 0) exchange.receive(bytes_of(order(static_cast<std::uint32_t>(next))));
            exchange.commit();
        }
    }
    [[nodiscard]] std::string journal_bytes() const {
        std::ifstream stream(config.journal_directory / "exchange.journal", std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    TemporaryFolder folder;
    Config config = config_in(folder.path());
};

TEST_F(Recovery, JournalCutAnywhereGivesTheSameAnswersAgain) {
    auto session = SessionFile::open(config.session_file.string());
    std::string whole;
    std::string answers;
    {
        ExchangeJournal journal(config.journal_directory, mold_session);
        Exchange exchange(*session, journal);
        play_on(exchange);
        answers = text_of(exchange.answers().packets_from(1));
        EXPECT_GT(exchange.matching().counts().fills, 50u);
        whole = journal_bytes();
        whole.replace(32, 8, 8, '\0');  // as a power loss may leave it: the entries alone tell how far it was
    }
    RandomSource random(first_seed());
    for (int cut = 0; cut < 60; ++cut) {
        const std::size_t length = random.below(whole.size());
        std::ofstream(config.journal_directory / "exchange.journal", std::ios::binary) << whole.substr(0, length);
        ExchangeJournal journal(config.journal_directory, mold_session);
        Exchange exchange(*session, journal);
        const std::string recovered(text_of(exchange.answers().packets_from(1)));
        ASSERT_EQ(recovered, answers.substr(0, recovered.size()))
            << "COLO_SEED=" << first_seed() << " cut at " << length;
        // The client sends again what the venue may have lost; what it has had it ignores.
        for (std::uint64_t at = 451; at <= exchange.position().value(); ++at) {
            if (at % 3 == 0) exchange.receive(bytes_of(order(static_cast<std::uint32_t>(at))));
        }
        play_on(exchange);
        ASSERT_EQ(text_of(exchange.answers().packets_from(1)), answers)
            << "COLO_SEED=" << first_seed() << " cut at " << length;
    }
}

TEST_F(Recovery, DisconnectsAreReplayedToo) {
    auto session = SessionFile::open(config.session_file.string());
    std::string answers;
    {
        ExchangeJournal journal(config.journal_directory, mold_session);
        Exchange exchange(*session, journal);
        exchange.play_to(SequenceNumber{900});
        for (std::uint32_t number = 1; number <= 20; ++number) exchange.receive(bytes_of(order(number)));
        exchange.play_to(SequenceNumber{950});
        exchange.disconnect();
        exchange.commit();
        answers = text_of(exchange.answers().packets_from(1));
        EXPECT_EQ(exchange.matching().client_orders().count(), 0u);
    }
    ExchangeJournal journal(config.journal_directory, mold_session);
    Exchange exchange(*session, journal);
    EXPECT_EQ(exchange.position(), SequenceNumber{950});
    EXPECT_EQ(text_of(exchange.answers().packets_from(1)), answers);
}

TEST_F(Recovery, StandsWhereItLastSpoke) {
    auto session = SessionFile::open(config.session_file.string());
    std::string answers;
    {
        ExchangeJournal journal(config.journal_directory, mold_session);
        Exchange exchange(*session, journal);
        exchange.play_to(SequenceNumber{900});
        for (std::uint32_t number = 1; number <= 20; ++number) exchange.receive(bytes_of(order(number)));
        const std::uint64_t before = exchange.answers().next();
        for (std::uint64_t next = 901; next <= 1'990; ++next) exchange.play_to(SequenceNumber{next});
        exchange.commit();
        answers = text_of(exchange.answers().packets_from(1));
        EXPECT_GT(exchange.answers().next(), before + 5);  // filled by recorded flow alone
    }
    ExchangeJournal journal(config.journal_directory, mold_session);
    Exchange exchange(*session, journal);
    EXPECT_EQ(text_of(exchange.answers().packets_from(1)), answers);
}

TEST_F(Recovery, AJournalBeyondTheSessionIsRefused) {
    auto session = SessionFile::open(config.session_file.string());
    ExchangeJournal first(config.journal_directory, mold_session);
    first.append({SequenceNumber{2'001}, ExchangeJournal::Kind::disconnect, {}});
    first.commit();
    std::filesystem::copy(config.journal_directory, folder.path() / "copy");
    ExchangeJournal journal(folder.path() / "copy", mold_session);
    EXPECT_THROW(Exchange(*session, journal), SimulatorError);
}

// The simulator as a process of its own, to be killed.
class SimulatorProcess {
public:
    explicit SimulatorProcess(const Config& config) : pid_(::fork()) {
        if (pid_ != 0) return;
        int status = 1;
        try {
            auto session = SessionFile::open(config.session_file.string());
            ExchangeJournal journal(config.journal_directory, config.mold_session);
            Exchange exchange(*session, journal);
            std::atomic<bool> stop{false};
            Simulator simulator(config, exchange, stop, [](const std::string&) {}, [](const Progress&) {});
            status = simulator.run().done ? 0 : 1;
        } catch (const std::exception& error) {
            std::fprintf(stderr, "simulator process: %s\n", error.what());
        }
        ::_exit(status);
    }
    ~SimulatorProcess() { kill(); }
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        wait();
    }
    int wait() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_;
};

// Plays the whole session, killing the simulator `kills` times; the answers that the client heard. `drops`: the client
// throws away packets of a former life. Orders have the number of the message that caused them.
[[nodiscard]] std::vector<std::vector<std::byte>> answers_with_kills(Config config, int kills, std::uint64_t seed,
                                                                     bool drops = true) {
    std::filesystem::remove_all(config.journal_directory);
    RandomSource random(seed);
    FeedTestClient client(config);
    std::vector<std::uint32_t> sent;
    std::uint64_t until = 0;
    client.on_advance = [&](FeedTestClient& self) {
        const std::uint64_t at = self.messages.size();
        if (at <= 450) return;
        sent.push_back(static_cast<std::uint32_t>(at));
        if (at >= until && random.chance(0.5)) self.reporting = false;  // it dies with the order on its way
        self.orders.send(order(sent.back()));
    };
    for (int life = 0; life <= kills; ++life) {
        SimulatorProcess simulator(config);
        const bool die = life < kills;
        const std::uint64_t share = 1'400u / static_cast<unsigned>(kills + 1);
        until = die ? 500 + share * static_cast<unsigned>(life) + random.below(share) : UINT64_MAX;
        client.orders.log_in(config.order_entry, client.answers.size() + 1);
        EXPECT_EQ(client.orders.refused, 0);
        // The last orders again, which the venue may not have had; what it has had it ignores. Only as many as a socket
        // holds, so that the report comes behind them.
        for (std::size_t i = sent.size() - std::min<std::size_t>(sent.size(), 20); i < sent.size(); ++i) {
            client.orders.send(order(sent[i]));
        }
        client.reporting = true;
        client.report();
        EXPECT_TRUE(client.play(until)) << "COLO_SEED=" << seed << " life " << life << " at " << client.messages.size();
        if (die) {
            ::usleep(static_cast<useconds_t>(random.below(3'000)));
            simulator.kill();
            client.read_answers();  // what had arrived
            if (drops) client.drop_packets();
            client.orders.close();
            continue;
        }
        client.read_answers(100);
        client.orders.log_out();
        EXPECT_EQ(simulator.wait(), 0);
    }
    return client.answers;
}

TEST_F(Recovery, KilledSimulatorGoesOnWhereItWas) {
    const auto expected = answers_with_kills(config, 0, 1);
    EXPECT_GT(expected.size(), 100u);
    for (std::uint64_t seed = first_seed(); seed < first_seed() + 4; ++seed) {
        const auto answers = answers_with_kills(config, 5, seed);
        for (std::size_t i = 0; i < std::min(answers.size(), expected.size()); ++i) {
            ASSERT_EQ(answers[i], expected[i])
                << "COLO_SEED=" << seed << " answer " << i + 1 << " is " << described(answers[i]) << " instead of "
                << described(expected[i]);
        }
        ASSERT_EQ(answers.size(), expected.size()) << "COLO_SEED=" << seed;
    }
}

TEST_F(Recovery, NoOrderComesBeforeItsCause) {
    const auto messages = messages_of(config);
    for (std::uint64_t seed = first_seed(); seed < first_seed() + 3; ++seed) {
        for (const auto& answer : answers_with_kills(config, 5, seed, false)) {
            if (static_cast<char>(answer[0]) != 'A') continue;
            const auto& accepted = overlay<ouch50::OrderAccepted>(answer.data());
            const auto& cause = messages[accepted.user_ref_num.get().value() - 1];
            ASSERT_GE(accepted.timestamp.get(), itch50::header_of(cause).timestamp.get()) << "COLO_SEED=" << seed;
        }
    }
}

}  // namespace
}  // namespace colo::simulator
