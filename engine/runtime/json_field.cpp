// Reading JSON field by field, for json_field.hpp.
#include "engine/runtime/json_field.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace colo {

std::string read_text(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw ConfigError(path.string() + ": cannot be read");
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

JsonField::JsonField(std::shared_ptr<const nlohmann::json> document, const nlohmann::json* value, std::string file,
                     std::string path)
    : document_(std::move(document)), value_(value), file_(std::move(file)), path_(std::move(path)) {}

JsonField JsonField::read_file(const std::filesystem::path& path) {
    return parse(read_text(path), path.filename().string());
}

JsonField JsonField::parse(const std::string& text, std::string file) {
    auto document = std::make_shared<nlohmann::json>();
    try {
        *document = nlohmann::json::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
        throw ConfigError(file + ": is not JSON: error at byte " + std::to_string(error.byte));
    } catch (const nlohmann::json::exception&) {
        throw ConfigError(file + ": holds a number that is too large");  // all that is left for a parser to refuse
    }
    const nlohmann::json* value = document.get();
    return {std::move(document), value, std::move(file), ""};
}

JsonField JsonField::operator[](const std::string& key) const {
    const std::string path = path_.empty() ? key : path_ + "." + key;
    if (!value_->is_object()) fail("must be an object");
    const auto found = value_->find(key);
    if (found == value_->end()) throw ConfigError(file_ + ": " + path + ": is missing");
    return {document_, &*found, file_, path};
}

bool JsonField::has(const std::string& key) const {
    const auto found = value_->is_object() ? value_->find(key) : value_->end();
    return value_->is_object() && found != value_->end() && !found->is_null();
}

std::vector<JsonField> JsonField::elements() const {
    if (!value_->is_array()) fail("must be a list");
    std::vector<JsonField> fields;
    for (std::size_t i = 0; i < value_->size(); ++i) {
        fields.push_back({document_, &(*value_)[i], file_, path_ + "[" + std::to_string(i) + "]"});
    }
    return fields;
}

std::string JsonField::text() const {
    if (!value_->is_string() || value_->get_ref<const std::string&>().empty()) fail("must be a text that is not empty");
    return value_->get<std::string>();
}

bool JsonField::boolean() const {
    if (!value_->is_boolean()) fail("must be true or false");
    return value_->get<bool>();
}

std::int64_t JsonField::integer(std::int64_t low, std::int64_t high) const {
    const bool whole = value_->is_number_integer() &&
                       !(value_->is_number_unsigned() &&
                         value_->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX));
    if (!whole || value_->get<std::int64_t>() < low || value_->get<std::int64_t>() > high)
        fail("must be an integer from " + std::to_string(low) + " to " + std::to_string(high));
    return value_->get<std::int64_t>();
}

double JsonField::number_above(double above) const {
    if (!value_->is_number() || !(value_->get<double>() > above))
        fail("must be a number above " + nlohmann::json(above).dump());
    return value_->get<double>();
}

std::size_t JsonField::choice(const std::vector<std::string>& choices) const {
    const auto found = value_->is_string()
                           ? std::find(choices.begin(), choices.end(), value_->get_ref<const std::string&>())
                           : choices.end();
    if (found == choices.end()) {
        std::string listed;
        for (const std::string& choice : choices) listed += (listed.empty() ? "" : ", ") + choice;
        fail("must be one of: " + listed);
    }
    return static_cast<std::size_t>(found - choices.begin());
}

void JsonField::fail(const std::string& why) const {
    throw ConfigError(file_ + ": " + (path_.empty() ? "the document" : path_) + ": " + why);
}

}  // namespace colo
