// Runs a fuzz target over a corpus without a fuzzer: each line of a text file is one input in hexadecimal, behind it
// perhaps a comment. With --expand FOLDER the inputs are written there as files, which is what a fuzzer starts from.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_input.hpp"

namespace {

int value_of(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

// Nothing where the line is not hexadecimal.
std::optional<std::vector<std::uint8_t>> decoded(const std::string& line) {
    std::vector<std::uint8_t> bytes;
    int high = -1;
    for (const char c : line.substr(0, line.find('#'))) {
        if (c == ' ') continue;
        const int value = value_of(c);
        if (value < 0) return std::nullopt;
        if (high >= 0) bytes.push_back(static_cast<std::uint8_t>(high * 16 + value));
        high = high >= 0 ? -1 : value;
    }
    if (high >= 0) return std::nullopt;
    return bytes;
}

}  // namespace

int main(int count, char** arguments) {
    const bool expands = count == 4 && std::string(arguments[1]) == "--expand";
    if (count != 2 && !expands) {
        std::fputs("usage: replay_NAME CORPUS.txt | --expand FOLDER CORPUS.txt\n", stderr);
        return 2;
    }
    std::ifstream file(arguments[count - 1]);
    std::string line;
    int inputs = 0;
    while (std::getline(file, line)) {
        if (line.empty() || line[0] == '#') continue;
        const auto input = decoded(line);
        if (!input) {
            std::fprintf(stderr, "%s: not hexadecimal: %s\n", arguments[count - 1], line.c_str());
            return 1;
        }
        ++inputs;
        if (!expands) {
            LLVMFuzzerTestOneInput(input->data(), input->size());
            continue;
        }
        const auto path = std::filesystem::path(arguments[2]) / ("corpus-" + std::to_string(inputs));
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(input->data()), static_cast<std::streamsize>(input->size()));
    }
    std::printf("%d inputs\n", inputs);
    return inputs > 0 ? 0 : 1;
}
