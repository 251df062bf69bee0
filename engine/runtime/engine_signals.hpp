// What reaches a running engine from outside its network: the kill switch and the request to end.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engine/core/types.hpp"
#include "engine/runtime/author.hpp"

namespace colo {

// Set by signal handlers, which may do no more than that.
struct EngineSignals {
    std::atomic<bool> kill{false};
    std::atomic<bool> stop{false};
};

// The kill switch by file: whoever can create it can stop trading, whatever else does not work. One system call every
// few milliseconds.
//
// Trading goes on only when the file is gone and somebody has written a name into a second one, `<kill file>.re-arm`,
// after the switch was pulled. That file is taken away when it is read.
class KillFiles {
public:
    explicit KillFiles(const std::filesystem::path& path) : pulled_(path.string()), released_(path.string() + ".re-arm") {}

    [[nodiscard]] bool pulled(Timestamp monotonic_now) { return due(monotonic_now) && present(); }
    // Who has released the switch: only to be asked while it is pulled.
    [[nodiscard]] std::optional<Author> released_by(Timestamp monotonic_now) {
        if (!due(monotonic_now) || present()) return std::nullopt;
        if (::access(released_.c_str(), F_OK) != 0) return std::nullopt;
        const std::optional<Author> author = author_in(released_);
        ::unlink(released_.c_str());
        return author;
    }
    // Whose name stands in the file that pulls it, where one does.
    [[nodiscard]] std::optional<Author> pulled_by() const { return author_in(pulled_); }
    // A release from before the switch was pulled releases nothing.
    void forget_release() { ::unlink(released_.c_str()); }

private:
    [[nodiscard]] bool due(Timestamp monotonic_now) {
        if (pulled_.empty() || monotonic_now < next_look_) return false;
        next_look_ = monotonic_now + milliseconds(5);
        return true;
    }
    [[nodiscard]] static std::optional<Author> author_in(const std::string& path) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) return std::nullopt;
        std::array<char, Author::characters_max + 1> text;
        const ssize_t length = ::read(file, text.data(), text.size());
        ::close(file);
        if (length <= 0) return std::nullopt;
        const std::string_view name(text.data(), static_cast<std::size_t>(length));
        return Author::of(name.substr(0, name.find('\n')));
    }
    [[nodiscard]] bool present() const { return ::access(pulled_.c_str(), F_OK) == 0; }

    std::string pulled_;
    std::string released_;
    Timestamp next_look_;
};

}  // namespace colo
