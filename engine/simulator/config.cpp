// Reading exchange.json field by field.
#include "engine/simulator/config.hpp"

#include <cctype>
#include <fstream>

#include "engine/runtime/json_field.hpp"

namespace colo::simulator {
namespace {

Endpoint endpoint(const JsonField& field) {
    return {field["address"].text(), static_cast<std::uint16_t>(field["port"].integer(1, 65535))};
}

LoginConfig login(const JsonField& field) {
    LoginConfig login{endpoint(field), field["username"].text(), {}};
    if (login.username.size() > 6) field["username"].fail("must have at most 6 characters");
    const JsonField file = field["password_file"];
    std::ifstream stream(file.text());
    if (!stream || !std::getline(stream, login.password)) file.fail("cannot read " + file.text());
    if (login.password.size() > 10) file.fail("the password in " + file.text() + " has more than 10 characters");
    return login;
}

double probability(const JsonField& field) {
    const double value = field.number_above(-1e-12);
    if (value > 1) field.fail("must be at most 1");
    return value;
}

PacingConfig pacing(const JsonField& field) {
    PacingConfig pacing;
    pacing.mode = field["mode"].choice({"lockstep", "original"}) == 0 ? PacingConfig::Mode::lockstep
                                                                     : PacingConfig::Mode::original;
    if (field.has("window_packets")) {
        pacing.window_packets = static_cast<std::uint64_t>(field["window_packets"].integer(1, 1'000'000));
    }
    if (field.has("speed")) pacing.speed = field["speed"].number_above(0);
    if (field.has("packet_span_ns")) {
        pacing.packet_span = nanoseconds(field["packet_span_ns"].integer(0, 1'000'000'000'000));
    }
    return pacing;
}

std::vector<LineConfig> lines(const JsonField& field) {
    std::vector<LineConfig> lines;
    for (const JsonField& line : field.elements()) {
        const Endpoint group{line["group"].text(), static_cast<std::uint16_t>(line["port"].integer(1, 65535))};
        lines.push_back({line["name"].text(), group, line["interface"].text()});
    }
    if (lines.empty() || lines.size() > 32) field.fail("must have 1 to 32 lines");
    return lines;
}

LossConfig loss(const JsonField& root, const std::vector<LineConfig>& lines) {
    LossConfig loss{std::vector<double>(lines.size(), 0.0), 0.0, 1};
    if (!root.has("loss")) return loss;
    const JsonField field = root["loss"];
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::string key = "line_" + lines[i].name;
        for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        if (field.has(key)) loss.line[i] = probability(field[key]);
    }
    if (field.has("both")) loss.both = probability(field["both"]);
    if (field.has("seed")) loss.seed = static_cast<std::uint64_t>(field["seed"].integer(0));
    return loss;
}

}  // namespace

Config read_config(const std::filesystem::path& path) {
    const JsonField root = JsonField::read_file(path);
    Config config;
    config.mic = root["mic"].text();
    config.mold_session = root["mold_session"].text();
    if (config.mold_session.size() != 10) root["mold_session"].fail("must have 10 characters");
    config.session_file = root["session_file"].text();
    config.journal_directory = root["journal_directory"].text();
    config.lines = lines(root["lines"]);
    const JsonField rerequest = root["rerequest"];
    config.rerequest = endpoint(rerequest);
    if (rerequest.has("refuse")) config.rerequest_refused = rerequest["refuse"].boolean();
    config.snapshot = login(root["snapshot"]);
    const JsonField order_entry = root["order_entry"];
    config.order_entry = login(order_entry);
    if (order_entry.has("cancel_on_disconnect")) {
        config.cancel_on_disconnect = order_entry["cancel_on_disconnect"].boolean();
    }
    config.pacing = pacing(root["pacing"]);
    config.packet_messages_max = static_cast<std::uint64_t>(root["packet_messages_max"].integer(1, 1000));
    config.loss = loss(root, config.lines);
    if (root.has("wait")) config.wait = static_cast<Wait>(root["wait"].choice({"spin", "yield", "block"}));
    if (root.has("cpu")) config.cpu = static_cast<int>(root["cpu"].integer(-1, 4095));
    if (root.has("client_wait_ms")) config.client_wait = milliseconds(root["client_wait_ms"].integer(1, 86'400'000));
    if (root.has("end_wait_ms")) config.end_wait = milliseconds(root["end_wait_ms"].integer(1, 86'400'000));
    return config;
}

}  // namespace colo::simulator
