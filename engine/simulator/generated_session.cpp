// Generating a session and describing it.
#include "engine/simulator/generated_session.hpp"

#include <cctype>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/simulator/sha256.hpp"
#include "engine/simulator/simulator_error.hpp"
#include "engine/simulator/trading_day.hpp"

namespace colo::simulator {
namespace {

[[nodiscard]] bool is_day(const std::string& text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i != 4 && i != 7 && std::isdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    }
    const int month = std::stoi(text.substr(5, 2));
    const int day = std::stoi(text.substr(8, 2));
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// The file appears whole or not at all.
void write_file(const std::filesystem::path& path, Bytes bytes) {
    const std::filesystem::path partial = path.string() + ".partial";
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file.close();
    std::error_code failure;
    if (file) std::filesystem::rename(partial, path, failure);
    if (!file || failure) {
        std::filesystem::remove(partial, failure);
        throw SimulatorError(path.string() + ": cannot write " + std::to_string(bytes.size()) + " bytes");
    }
}

}  // namespace

std::vector<std::byte> generate_session(const GeneratedSession& session) {
    SessionWriter writer(GeneratedSession::tracking_number);
    TradingDay day(session, writer);
    day.write();
    return writer.bytes();
}

void write_generated_session(const GeneratedSession& session, const std::string& path) {
    if (!is_day(session.trading_day)) throw SimulatorError("--day " + session.trading_day + ": must be YYYY-MM-DD");
    SessionWriter writer(GeneratedSession::tracking_number);
    TradingDay day(session, writer);
    day.write();
    const nlohmann::ordered_json description{
        {"digest", sha256(writer.bytes())},
        {"source", "generated: seed " + std::to_string(session.seed) + ", " + std::to_string(session.messages) +
                       " messages, " + std::to_string(session.symbols) + " symbols"},
        {"venue", "XNAS"},
        {"trading_day", session.trading_day},
        {"messages", writer.count()},
        {"symbols", day.symbols()},
        {"synthetic", writer.count()},
        {"synthetic_tracking_number", GeneratedSession::tracking_number},
    };
    write_file(path, writer.bytes());
    write_file(std::filesystem::path(path).replace_filename("session.json"), bytes_of(description.dump(2) + "\n"));
}

}  // namespace colo::simulator
