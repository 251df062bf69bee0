// Threads of journal_recorder.hpp.
#include "engine/runtime/journal_recorder.hpp"

#include <pthread.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "engine/runtime/json_field.hpp"

namespace colo {

namespace {
void set_affinity(pthread_t thread, int cpu, const std::string& role) {
    if (cpu < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (const int error = ::pthread_setaffinity_np(thread, sizeof set, &set); error != 0)
        throw ConfigError("threads: role " + role + ": cannot run on cpu " + std::to_string(cpu) + ": " +
                          std::strerror(error));
}
}  // namespace

void pin_thread(int cpu, const std::string& role) { set_affinity(::pthread_self(), cpu, role); }

Housekeeping::Housekeeping(Journal& journal, int cpu, std::function<void()> tell_progress)
    : journal_(journal), tell_progress_(std::move(tell_progress)), thread_([this] { run(); }) {
    try {
        set_affinity(thread_.native_handle(), cpu, "housekeeping");
    } catch (...) {
        end();
        throw;
    }
}

void Housekeeping::end() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
}

void Housekeeping::run() {
    const HostClock clock;
    Timestamp next_progress = clock.monotonic() + seconds(1);
    while (!stop_) {
        const Timestamp now = clock.monotonic();
        const bool busy = !journal_.drain().failed() && journal_.drain().step(now);
        if (now >= next_progress) {
            next_progress = now + seconds(1);
            tell_progress_();
        }
        if (!busy) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

}  // namespace colo
