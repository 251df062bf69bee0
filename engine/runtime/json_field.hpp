// A JSON value that knows the path that led to it, so that an error names the field.
//
//   JsonField root = JsonField::parse(text, "engine.json");
//   std::int64_t port = root["order_session"]["port"].integer(1, 65535);
//   // ConfigError: engine.json: order_session.port: must be an integer from 1 to 65535
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace colo {

// One sentence that names file, field and what is wrong. Thrown at start only.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The whole text of a file.
[[nodiscard]] std::string read_text(const std::filesystem::path& path);

class JsonField {
public:
    static JsonField read_file(const std::filesystem::path& path);
    // `file` is what errors call the text.
    static JsonField parse(const std::string& text, std::string file);

    // The member, which must be there.
    [[nodiscard]] JsonField operator[](const std::string& key) const;
    // Whether the member is there and not null.
    [[nodiscard]] bool has(const std::string& key) const;

    [[nodiscard]] std::vector<JsonField> elements() const;
    [[nodiscard]] std::string text() const;  // not empty
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::int64_t integer(std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                                       std::int64_t high = std::numeric_limits<std::int64_t>::max()) const;
    // A number, whole or not, above `above`.
    [[nodiscard]] double number_above(double above) const;
    // One of these texts; its place among them.
    [[nodiscard]] std::size_t choice(const std::vector<std::string>& choices) const;
    [[noreturn]] void fail(const std::string& why) const;

private:
    JsonField(std::shared_ptr<const nlohmann::json> document, const nlohmann::json* value, std::string file,
              std::string path);
    std::shared_ptr<const nlohmann::json> document_;  // keeps `value_` alive
    const nlohmann::json* value_;
    std::string file_;
    std::string path_;
};

}  // namespace colo
