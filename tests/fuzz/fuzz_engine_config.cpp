// Any text as an engine's configuration: it is one, or a ConfigError with a sentence.
#include "engine/runtime/config.hpp"
#include "tests/fuzz/fuzz_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    const std::string text(reinterpret_cast<const char*>(data), count);
    try {
        static_cast<void>(colo::parse_engine_config(text, "input"));
    } catch (const colo::ConfigError& error) {
        colo::fuzz::expect(error.what()[0] != '\0', "an error says why");
    }
    return 0;
}
