// How a thread waits when a turn of its loop found nothing to do, as its declaration says.
//
// `spin` burns the core and makes no system call; `yield` gives the core to whoever else can run, for machines with
// fewer cores than threads; `block` sleeps in epoll until a socket is readable or the timeout passes, so that a laptop
// stays usable.
//
// A yield to a busy program costs its whole time slice, again and again: beside two of them on two cores, a session in
// lockstep that takes 3 s alone would take hours. So a thread whose yield took long sleeps for a while instead, like
// `block`, and for longer each time that the next yield is no better; the scheduler wakes a sleeper at once, and the
// session took 20 s (Linux 6.18).
#pragma once

#include <sched.h>
#include <sys/epoll.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstdint>

#include "engine/transport/descriptor.hpp"
#include "engine/transport/transport.hpp"

namespace colo {

enum class Wait : std::uint8_t { spin, yield, block };

class Waiter {
public:
    explicit Waiter(Wait wait, int timeout_ms = 1) : wait_(wait), timeout_ms_(timeout_ms) {
        if (wait_ != Wait::spin) epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    }

    // Sockets to wake up for; a closed one leaves by itself.
    void watch(int descriptor) {
        if (wait_ == Wait::spin || descriptor < 0) return;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = descriptor;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
    }

    void wait() {
        switch (wait_) {
        case Wait::spin: pause(); break;
        case Wait::yield: yield(); break;
        case Wait::block: sleep(); break;
        }
    }

private:
    static constexpr std::int64_t long_yield_ns = 250'000;  // nobody that yields too keeps the core so long
    static constexpr int sleeps_min = 64;
    static constexpr int sleeps_max = 4096;

    void yield() {
        if (sleeps_left_ > 0) {
            --sleeps_left_;
            return sleep();
        }
        const std::int64_t before = monotonic_ns();
        ::sched_yield();
        const bool crowded = monotonic_ns() - before > long_yield_ns;
        if (crowded) sleeps_left_ = sleeps_;
        sleeps_ = crowded ? std::min(2 * sleeps_, sleeps_max) : sleeps_min;
    }
    void sleep() {
        epoll_event event;
        ::epoll_wait(epoll_.get(), &event, 1, timeout_ms_);
    }
    static std::int64_t monotonic_ns() {
        timespec time;
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
    }
    static void pause() {
#if defined(__x86_64__)
        _mm_pause();
#endif
    }
    Wait wait_;
    int timeout_ms_;
    int sleeps_ = sleeps_min;  // after the next long yield
    int sleeps_left_ = 0;
    Descriptor epoll_;
};

}  // namespace colo
