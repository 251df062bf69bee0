// What reaches a running engine from outside its network: the kill switch and the request to end.
#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>

#include "engine/core/types.hpp"

namespace colo {

// Set by signal handlers, which may do no more than that.
struct EngineSignals {
    std::atomic<bool> kill{false};
    std::atomic<bool> stop{false};
};

// The kill switch by file: whoever can create it can stop trading, whatever else does not work. One system call every
// few milliseconds.
class KillFile {
public:
    explicit KillFile(std::filesystem::path path) : path_(path.string()) {}

    [[nodiscard]] bool present(Timestamp monotonic_now) {
        if (path_.empty() || monotonic_now < next_look_) return false;
        next_look_ = monotonic_now + milliseconds(5);
        return ::access(path_.c_str(), F_OK) == 0;
    }

private:
    std::string path_;
    Timestamp next_look_;
};

}  // namespace colo
